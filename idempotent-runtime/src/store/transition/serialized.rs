//! Rows as serializers write them, in a readable format and in a binary one.

use std::time::Duration;

use super::*;
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::AttemptId;
use crate::outcome::{Disposition, Headers, Outcome};
use crate::store::{Extra, Fence, Label};

fn outcome() -> Outcome {
    let every_byte: Vec<u8> = (0..=255).collect();
    let pairs = [("vary", b"a".as_slice()), ("x", &every_byte), ("vary", b"")];
    Outcome::new(201, Headers::pack(pairs).unwrap(), every_byte.clone())
}

fn row(phase: Phase) -> Row {
    let attempt = AttemptId::from_bytes([0xa; 16]);
    Row {
        label: Label::new("n", "POST /"),
        claimed_at: Some(Timestamp::from_millis(1)),
        generation: AttemptId::from_bytes([0xc; 16]),
        abandoned: 3,
        extra: Extra::default().with(7, b"later"),
        ..Row::new(Fingerprint::from_bytes([1; 32]), attempt, phase)
    }
}

fn rows() -> Vec<Row> {
    let running = |taken_from, provisional| Phase::Running {
        lease_until: Timestamp::from_millis(i64::MAX),
        keep: Some(Duration::from_millis(5)),
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
        Phase::Released {
            until: Timestamp::from_millis(5),
        },
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
            r#"{{"version":2,"fingerprint":"{}","attempt":"{}","#,
            r#""label":{{"namespace":"n","operation":"POST /"}},"claimed_at":1,"generation":"{}","abandoned":3,"#,
            r#""phase":{{"done":{{"disposition":"failed_final","#,
            r#""outcome":{{"status":200,"headers":"00016100000001ff","body":"6869"}},"expires_at":1}}}},"#,
            r#""extra":"0007000000056c61746572"}}"#,
        ),
        "01".repeat(32),
        "0a".repeat(16),
        "0c".repeat(16),
    );
    assert_eq!(serde_json::to_string(&row).unwrap(), json);

    let mut binary = vec![2, 32];
    binary.extend([1; 32]);
    binary.push(16);
    binary.extend([0xa; 16]);
    binary.extend(b"\x01n\x06POST /\x01\x02\x01\x10");
    binary.extend([0xc; 16]);
    binary.push(3);
    binary.extend(b"\x02\x01\x01\xc8\x01\x08\x00\x01a\x00\x00\x00\x01\xff\x02hi\x01\x02");
    binary.extend(b"\x0b\x00\x07\x00\x00\x00\x05later");
    assert_eq!(postcard::to_stdvec(&row).unwrap(), binary);
}

/// As version 1 wrote them, which had no version.
#[test]
fn rows_of_version_1_are_read() {
    let of = |phase: &str| {
        let (fingerprint, attempt) = ("01".repeat(32), "0a".repeat(16));
        let json =
            format!(r#"{{"fingerprint":"{fingerprint}","attempt":"{attempt}","phase":{phase}}}"#);
        serde_json::from_str::<Row>(&json).unwrap()
    };
    let [first, second] = [0xb, 0xa].map(|byte| AttemptId::from_bytes([byte; 16]));
    let plain = |phase| Row::new(Fingerprint::from_bytes([1; 32]), second, phase);

    let taken_from = "0b".repeat(16);
    let running = of(&format!(
        r#"{{"running":{{"lease_until":5,"taken_from":"{taken_from}","provisional":null}}}}"#
    ));
    let expected = plain(Phase::Running {
        lease_until: Timestamp::from_millis(5),
        keep: None,
        taken_from: Some(first),
        provisional: None,
    });
    assert_eq!(running, expected);
    assert_eq!(running.generation, first);
    assert_eq!(running.claimed_at, None);

    let released = of(r#""released""#);
    assert!(released.is_removable(Timestamp::from_millis(0)));

    let done = of(
        r#"{"done":{"disposition":"completed","outcome":{"status":200,"headers":"","body":"6869"},"expires_at":1}}"#,
    );
    let expected = plain(Phase::Done {
        disposition: Disposition::Completed,
        outcome: Some(Outcome::new(200, Headers::default(), "hi")),
        expires_at: Some(Timestamp::from_millis(1)),
    });
    assert_eq!(done, expected);
}

#[test]
fn a_row_of_a_later_version_is_refused_by_its_version() {
    let row = row(Phase::Released {
        until: Timestamp::from_millis(5),
    });
    let mut json = serde_json::to_value(&row).unwrap();
    json["version"] = 3.into();
    json["later"] = true.into();
    let error = serde_json::from_value::<Row>(json).unwrap_err().to_string();
    assert_eq!(
        error,
        "the row's version is 3, and this release knows none later than 2"
    );
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
    let until = Timestamp::from_millis(0);
    let json = serde_json::to_string(&row(Phase::Released { until })).unwrap();
    let row: Row = serde_json::from_str(&json).unwrap();
    assert!(row.is_removable(until));
    let (_, fence) = renew(
        Some(&row),
        row.attempt,
        Duration::ZERO,
        Timestamp::from_millis(0),
    );
    assert_eq!(fence, Fence::Lost);
}
