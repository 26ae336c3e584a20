//! Rows as serializers write them, in a readable format and in a binary one.

use std::time::Duration;

use super::*;
use crate::fingerprint::Fingerprint;
use crate::outcome::{Disposition, Headers};

fn outcome() -> Outcome {
    let every_byte: Vec<u8> = (0..=255).collect();
    let pairs = [("vary", b"a".as_slice()), ("x", &every_byte), ("vary", b"")];
    Outcome::new(201, Headers::pack(pairs).unwrap(), every_byte.clone())
}

fn row(phase: Phase) -> Row {
    Row {
        fingerprint: Fingerprint::from_bytes([1; 32]),
        attempt: AttemptId::from_bytes([0xa; 16]),
        phase,
    }
}

fn rows() -> Vec<Row> {
    let running = |taken_from, provisional| Phase::Running {
        lease_until: Timestamp::from_millis(i64::MAX),
        taken_from,
        provisional,
    };
    let done = |disposition, outcome, expires_at| Phase::Done {
        disposition,
        outcome,
        expires_at,
    };
    let before = Some(Timestamp::from_millis(i64::MIN));
    let empty = Outcome::new(0, Headers::default(), "");
    [
        running(None, None),
        running(Some(AttemptId::from_bytes([0xb; 16])), Some(outcome())),
        Phase::Released,
        done(Disposition::Completed, Some(outcome()), before),
        done(Disposition::FailedFinal, Some(empty), None),
        done(Disposition::FailedRetriable, None, before),
    ]
    .map(row)
    .to_vec()
}

#[test]
fn rows_are_read_as_they_were_written() {
    for row in rows() {
        let json = serde_json::to_string(&row).unwrap();
        assert_eq!(serde_json::from_str::<Row>(&json).unwrap(), row);
        let value = serde_json::to_value(&row).unwrap();
        assert_eq!(serde_json::from_value::<Row>(value).unwrap(), row);
        let binary = postcard::to_stdvec(&row).unwrap();
        assert_eq!(postcard::from_bytes::<Row>(&binary).unwrap(), row);
    }
}

/// Rows outlive the release that wrote them: a change of these forms makes stores unreadable.
#[test]
fn the_forms_stay_as_they_are() {
    let headers = Headers::pack([("a", b"\xff".as_slice())]).unwrap();
    let phase = Phase::Done {
        disposition: Disposition::FailedFinal,
        outcome: Some(Outcome::new(200, headers, "hi")),
        expires_at: Some(Timestamp::from_millis(1)),
    };
    let row = row(phase);
    let json = format!(
        concat!(
            r#"{{"fingerprint":"{}","attempt":"{}","phase":{{"done":{{"disposition":"failed_final","#,
            r#""outcome":{{"status":200,"headers":"00016100000001ff","body":"6869"}},"expires_at":1}}}}}}"#,
        ),
        "01".repeat(32),
        "0a".repeat(16),
    );
    assert_eq!(serde_json::to_string(&row).unwrap(), json);

    let mut binary = vec![32];
    binary.extend([1; 32]);
    binary.push(16);
    binary.extend([0xa; 16]);
    binary.extend(b"\x02\x01\x01\xc8\x01\x08\x00\x01a\x00\x00\x00\x01\xff\x02hi\x01\x02");
    assert_eq!(postcard::to_stdvec(&row).unwrap(), binary);
}

#[test]
fn damaged_headers_are_refused() {
    let cut = r#"{"status":200,"headers":"000161000000","body":""}"#;
    let error = serde_json::from_str::<Outcome>(cut).unwrap_err();
    assert!(
        error.to_string().contains("not a block of packed headers"),
        "{error}"
    );
    assert!(postcard::from_bytes::<Headers>(&[2, 0, 9]).is_err());
}

#[test]
fn an_id_of_another_length_and_what_is_not_hexadecimal_are_refused() {
    for text in [
        "0",
        "zz",
        "",
        "0a0",
        &"0a".repeat(17),
        "+a",
        &"é".repeat(16),
    ] {
        let json = serde_json::to_string(text).unwrap();
        assert!(serde_json::from_str::<AttemptId>(&json).is_err(), "{text}");
    }
    assert!(postcard::from_bytes::<AttemptId>(&[2, 1, 1]).is_err());
}

#[test]
fn what_was_read_is_not_printed_in_errors() {
    let json = r#"{"status":200,"headers":"","body":"hunter2"}"#;
    let error = serde_json::from_str::<Outcome>(json).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn a_row_that_was_read_goes_on() {
    let json = serde_json::to_string(&row(Phase::Released)).unwrap();
    let row: Row = serde_json::from_str(&json).unwrap();
    assert!(row.is_free(Timestamp::from_millis(0)));
    let (_, fence) = renew(
        Some(&row),
        row.attempt,
        Duration::ZERO,
        Timestamp::from_millis(0),
    );
    assert_eq!(fence, Fence::Lost);
}
