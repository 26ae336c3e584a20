#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

type Print = Option<[u8; 32]>;

/// `None` where the document counts by its bytes.
fn print(document: &str, hash: impl FnOnce(Canonical, &mut Fields)) -> Print {
    let canonical = Canonical::parse(document.as_bytes())?;
    let mut fields = Fields::new(None, "test");
    hash(canonical, &mut fields);
    Some(fields.finish())
}

fn whole(document: &str) -> Print {
    print(document, |canonical, fields| canonical.hash_into(fields))
}

fn fields(document: &str, pointers: &[&str]) -> Print {
    print(document, |canonical, fields| {
        let _ = canonical.hash_fields_into(pointers, fields);
    })
}

fn except(document: &str, pointers: &[&str]) -> Print {
    print(document, |canonical, fields| {
        canonical.without(pointers).hash_into(fields);
    })
}

/// Equal, and understood.
fn assert_same(one: Print, other: Print, what: &str) {
    assert!(one.is_some(), "not understood: {what}");
    assert_eq!(one, other, "{what}");
}

/// Different, and understood.
fn assert_apart(one: Print, other: Print, what: &str) {
    assert!(one.is_some() && other.is_some(), "not understood: {what}");
    assert_ne!(one, other, "{what}");
}

#[test]
fn numbers_are_equal_by_value() {
    for (one, other) in [
        ("0", "-0"),
        ("0", "-0.0"),
        ("1", "1.0"),
        ("1", "10e-1"),
        ("100000000000000000000", "1e20"),
        ("9007199254740992", "9007199254740992.0"),
    ] {
        assert_same(whole(one), whole(other), &format!("{one} {other}"));
    }
}

#[test]
fn integers_keep_all_their_digits() {
    let integers = [
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "-9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551617",
        "123456789012345678901234567890",
        "123456789012345678901234567891",
    ];
    for (index, one) in integers.iter().enumerate() {
        for other in &integers[..index] {
            assert_apart(whole(one), whole(other), &format!("{one} {other}"));
        }
    }
}

#[test]
fn no_text_is_taken_for_the_digits_of_an_integer() {
    let integer = "9007199254740993";
    for text in [
        "\"9007199254740993\"",
        "\"\\u00009007199254740993\"",
        "\"\\u0000\\u00009007199254740993\"",
    ] {
        assert_apart(whole(integer), whole(text), text);
    }
    assert_apart(whole(r#""\u0000a""#), whole(r#""\u0000\u0000a""#), "texts");
}

#[test]
fn what_is_not_quite_json_counts_by_its_bytes() {
    for document in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "1 2",
        "'a'",
        "\"\\ud800\"",
        "\"\n\"",
        "1e400",
        "[1] // why",
    ] {
        assert_eq!(whole(document), None, "{document:?}");
    }
}

#[test]
fn a_repeated_name_counts_by_its_bytes_wherever_it_stands() {
    for document in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"[{"b":{"a":1,"a":2}}]"#,
    ] {
        assert_eq!(whole(document), None, "{document}");
        assert_eq!(except(document, &["/a", "/b", "/0"]), None, "{document}");
        assert_eq!(fields(document, &["/c"]), None, "{document}");
    }
}

#[test]
fn deep_documents_count_by_their_bytes() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(whole(&nested(DEEPEST)).is_some());
    assert_eq!(whole(&nested(DEEPEST + 1)), None);
    assert_eq!(whole(&"[".repeat(1_000_000)), None);
}

#[test]
fn many_integers_below_a_long_name_take_no_more_room_than_they_did_on_the_wire() {
    // With their places beside each this would be 20 gigabytes.
    let integers = vec!["9007199254740993"; 20_000].join(",");
    let document = |name: char| {
        format!(
            "{{\"{}\":[{integers}]}}",
            String::from(name).repeat(1_000_000)
        )
    };
    assert_apart(
        whole(&document('a')),
        whole(&document('b')),
        "the long name counts",
    );
}

#[test]
fn pointers_follow_rfc_6901() {
    // The examples of its section 5, and what its section 4 says of array indexes.
    let document = r#"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"i\\j":5,"k\"l":6," ":7,"m~n":8,"~1":9,"0":10}"#;
    for (pointer, value) in [
        ("", document),
        ("/foo", r#"["bar","baz"]"#),
        ("/foo/0", r#""bar""#),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"),
        ("/e^f", "3"),
        ("/i\\j", "5"),
        ("/k\"l", "6"),
        ("/ ", "7"),
        ("/m~0n", "8"),
        ("/~01", "9"),
        ("/0", "10"),
    ] {
        let found = Canonical::parse(document.as_bytes()).unwrap();
        let expected = Canonical::parse(value.as_bytes()).unwrap();
        assert_eq!(found.0.pointer(pointer), Some(&expected.0), "{pointer}");
        assert_apart(
            except(document, &[pointer]),
            whole(document),
            &format!("except {pointer} takes it out"),
        );
    }
    for pointer in [
        "/foo/00",
        "/foo/01",
        "/foo/+0",
        "/foo/-0",
        "/foo/-",
        "/foo/2",
        "/foo/0/0",
        "/foo/18446744073709551616",
        "/foo/",
        "/bar/0",
        "/00",
    ] {
        assert_same(
            except(document, &[pointer]),
            whole(document),
            &format!("{pointer} names nothing"),
        );
        assert_same(
            fields(document, &[pointer]),
            fields("null", &[pointer]),
            &format!("{pointer} is absent"),
        );
    }
}

#[test]
fn absent_differs_from_null_and_from_empty() {
    let documents = [r"{}", r#"{"a":null}"#, r#"{"a":""}"#, r#"{"a":[]}"#];
    for (index, one) in documents.iter().enumerate() {
        for other in &documents[..index] {
            assert_apart(
                fields(one, &["/a"]),
                fields(other, &["/a"]),
                &format!("{one} {other}"),
            );
            assert_same(
                except(one, &["/a"]),
                except(other, &["/a"]),
                &format!("{one} {other}"),
            );
        }
    }
}

#[test]
fn what_stands_at_one_pointer_is_not_taken_for_what_stands_at_another() {
    assert_apart(
        fields(r#"{"a":1,"b":2}"#, &["/a", "/b"]),
        fields(r#"{"a":2,"b":1}"#, &["/a", "/b"]),
        "exchanged",
    );
    assert_apart(
        fields(r#"{"a":1}"#, &["/a", "/b"]),
        fields(r#"{"b":1}"#, &["/a", "/b"]),
        "moved",
    );
}

#[test]
fn elements_of_arrays_that_are_left_out_leave_their_places() {
    let some = |document| except(document, &["/0", "/2"]);
    assert_same(
        some(r#"[1,"b",3,"d"]"#),
        some(r#"[null,"b",{"x":1},"d"]"#),
        "left out",
    );
    assert_apart(some("[1,2,3,4]"), some("[1,9,3,4]"), "between them");
    assert_apart(some("[1,2,3,4]"), some("[1,2,3,9]"), "behind them");
    assert_apart(
        some("[1,2,3]"),
        some("[1,2]"),
        "how many there are is not left out",
    );
    assert_apart(some("[1,2,3]"), some("[2,1,3]"), "moved out of its place");
}

#[test]
fn pointers_of_a_policy_may_cover_each_other_in_any_order() {
    let documents = [r#"{"k":1,"a":[{"b":1},2]}"#, r#"{"k":1,"a":{"0":7}}"#];
    for pointers in [
        ["/a", "/a/0", "/a/0/b"],
        ["/a/0/b", "/a/0", "/a"],
        ["/a/0", "/a/0/b", "/a"],
    ] {
        for document in documents {
            assert_same(
                except(document, &pointers),
                whole(r#"{"k":1}"#),
                &format!("{pointers:?} {document}"),
            );
        }
    }
    assert_same(
        except(r#"{"a":1}"#, &[""]),
        except("[2]", &[""]),
        "the empty pointer stands for the whole document",
    );
}

#[test]
fn integers_are_left_out_and_seen_like_all_else() {
    let (one, other) = (
        r#"{"a":{"id":9007199254740993},"ab":[9007199254740993]}"#,
        r#"{"a":{"id":9007199254740995},"ab":[9007199254740993]}"#,
    );
    for pointer in ["/a", "/a/id"] {
        assert_apart(fields(one, &[pointer]), fields(other, &[pointer]), pointer);
        assert_same(except(one, &[pointer]), except(other, &[pointer]), pointer);
    }
    for pointer in ["/ab", "/ab/0", "/", "/a/i"] {
        assert_same(fields(one, &[pointer]), fields(other, &[pointer]), pointer);
        assert_apart(except(one, &[pointer]), except(other, &[pointer]), pointer);
    }
}

/// A document, and all that it can say.
#[derive(Clone, Debug)]
enum Document {
    Null,
    Bool(bool),
    Integer(i128),
    Double(f64),
    Text(String),
    Array(Vec<Document>),
    Object(BTreeMap<String, Document>),
}

use Document::{Array, Bool, Double, Integer, Null, Object, Text};

impl Document {
    /// By value, without the code under test.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::float_cmp,
        reason = "doubles without a fraction that are beyond the integers here saturate, and equal none of them"
    )]
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Null, Null) => true,
            (Bool(one), Bool(other)) => one == other,
            (Integer(one), Integer(other)) => one == other,
            (Double(one), Double(other)) => one == other,
            (Integer(integer), Double(double)) | (Double(double), Integer(integer)) => {
                double.fract() == 0.0 && *double as i128 == *integer
            }
            (Text(one), Text(other)) => one == other,
            (Array(one), Array(other)) => one.is_empty() && other.is_empty(),
            (Object(one), Object(other)) => one.is_empty() && other.is_empty(),
            _ => false,
        }
    }

    /// The steps to every value that holds no other.
    fn leaves(&self) -> Vec<Vec<String>> {
        self.places(false)
    }

    /// The steps to every value.
    fn places(&self, inner_too: bool) -> Vec<Vec<String>> {
        let below: Vec<(String, &Self)> = match self {
            Array(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, element)| (index.to_string(), element))
                .collect(),
            Object(members) => members
                .iter()
                .map(|(name, member)| (name.clone(), member))
                .collect(),
            _ => Vec::new(),
        };
        let mut places = Vec::new();
        if inner_too || below.is_empty() {
            places.push(Vec::new());
        }
        for (step, value) in below {
            places.extend(value.places(inner_too).into_iter().map(|mut place| {
                place.insert(0, step.clone());
                place
            }));
        }
        places
    }

    fn at(&mut self, place: &[String]) -> &mut Self {
        place.iter().fold(self, |value, step| match value {
            Array(elements) => &mut elements[step.parse::<usize>().unwrap()],
            Object(members) => members.get_mut(step).unwrap(),
            _ => panic!("no way to {place:?}"),
        })
    }

    /// The same with another value at this place.
    fn with(&self, place: &[String], value: Self) -> Self {
        let mut changed = self.clone();
        *changed.at(place) = value;
        changed
    }

    /// Written with this choice of white space, order and escapes.
    fn write(&self, choices: &mut Choices) -> String {
        let mut text = String::new();
        self.write_to(&mut text, choices);
        text
    }

    fn write_to(&self, text: &mut String, choices: &mut Choices) {
        text.push_str(choices.space());
        match self {
            Null => text.push_str("null"),
            Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Integer(value) => text.push_str(&value.to_string()),
            Double(value) => text.push_str(&choices.double(*value)),
            Text(value) => write_text(value, text, choices),
            Array(elements) => {
                text.push('[');
                for (index, element) in elements.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    element.write_to(text, choices);
                }
                text.push_str(choices.space());
                text.push(']');
            }
            Object(members) => {
                let mut members: Vec<_> = members.iter().collect();
                for last in (1..members.len()).rev() {
                    members.swap(choices.below(last + 1), last);
                }
                text.push('{');
                for (index, (name, member)) in members.into_iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    text.push_str(choices.space());
                    write_text(name, text, choices);
                    text.push_str(choices.space());
                    text.push(':');
                    member.write_to(text, choices);
                }
                text.push_str(choices.space());
                text.push('}');
            }
        }
        text.push_str(choices.space());
    }
}

fn write_text(value: &str, text: &mut String, choices: &mut Choices) {
    text.push('"');
    for character in value.chars() {
        let must_escape = character < ' ' || character == '"' || character == '\\';
        if must_escape || choices.below(4) == 0 {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(text, "\\u{unit:04x}").unwrap();
            }
        } else {
            text.push(character);
        }
    }
    text.push('"');
}

/// One way to write a document.
#[derive(Clone, Debug)]
struct Choices {
    numbers: Vec<u8>,
    next: usize,
}

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.next += 1;
        usize::from(self.numbers[self.next % self.numbers.len()]) % bound
    }

    fn space(&mut self) -> &'static str {
        ["", " ", "\n\t", "\r\n  "][self.below(4)]
    }

    fn double(&mut self, value: f64) -> String {
        [format!("{value:?}"), format!("{value:e}")][self.below(2)].clone()
    }
}

fn choices() -> impl Strategy<Value = Choices> {
    vec(any::<u8>(), 1..40).prop_map(|numbers| Choices { numbers, next: 0 })
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c0-2~/]{0,3}",
        "[\u{0}-\u{20}\"\\\\é\u{e000}😀𝄞]{0,3}",
        any::<String>(),
    ]
}

fn leaf() -> impl Strategy<Value = Document> {
    let near = |middle: i128| (middle - 4..=middle + 4).prop_map(Integer);
    prop_oneof![
        Just(Null),
        any::<bool>().prop_map(Bool),
        (-3..=3_i128).prop_map(Integer),
        near(1 << 53),
        near(-(1 << 53)),
        near(1 << 64),
        (-(1_i128 << 100)..1 << 100).prop_map(Integer),
        prop_oneof![Just(-0.0), Just(9_007_199_254_740_994.0), Just(1e20)].prop_map(Double),
        any::<f64>()
            .prop_filter("JSON has no others", |value| value.is_finite())
            .prop_map(Double),
        name().prop_map(Text),
        Just(Array(Vec::new())),
        Just(Object(BTreeMap::new())),
    ]
}

fn document() -> impl Strategy<Value = Document> {
    leaf().prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Array),
            btree_map(name(), inner, 0..5).prop_map(Object),
        ]
    })
}

/// A document, and the same with another value at one place that holds no other.
fn changed() -> impl Strategy<Value = (Document, Vec<String>, Document)> {
    (document(), any::<Index>(), leaf(), any::<bool>()).prop_filter_map(
        "the value is another",
        |(document, index, value, is_near)| {
            let leaves = document.leaves();
            let place = index.get(&leaves).clone();
            let value = match document.clone().at(&place) {
                Integer(integer) if is_near => Integer(*integer + 1),
                _ => value,
            };
            let is_same = document.clone().at(&place).is_same(&value);
            let changed = document.with(&place, value);
            (!is_same).then_some((document, place, changed))
        },
    )
}

fn pointer(place: &[String]) -> String {
    place.iter().fold(String::new(), |mut pointer, step| {
        pointer.push('/');
        for character in step.chars() {
            match character {
                '~' => pointer.push_str("~0"),
                '/' => pointer.push_str("~1"),
                other => pointer.push(other),
            }
        }
        pointer
    })
}

proptest! {
    #[test]
    fn order_white_space_and_escapes_do_not_count(
        document in document(),
        mut one in choices(),
        mut other in choices(),
    ) {
        let (one, other) = (document.write(&mut one), document.write(&mut other));
        prop_assert!(whole(&one).is_some(), "{one}");
        prop_assert_eq!(whole(&one), whole(&other), "{} {}", one, other);
    }

    #[test]
    fn every_value_counts((document, _, changed) in changed(), mut choices in choices()) {
        let (one, other) = (document.write(&mut choices), changed.write(&mut choices));
        prop_assert!(whole(&one).is_some() && whole(&other).is_some());
        prop_assert_ne!(whole(&one), whole(&other), "{} {}", one, other);
    }

    #[test]
    fn every_name_counts(
        members in btree_map(name(), document(), 1..5),
        index in any::<Index>(),
        renamed in name(),
        mut choices in choices(),
    ) {
        prop_assume!(!members.contains_key(&renamed));
        let mut others = members.clone();
        let old = index.get(&members.keys().cloned().collect::<Vec<_>>()).clone();
        let value = others.remove(&old).unwrap();
        let without = Object(others.clone()).write(&mut choices);
        others.insert(renamed, value);
        let (one, other) = (
            Object(members).write(&mut choices),
            Object(others).write(&mut choices),
        );
        prop_assert_ne!(whole(&one), whole(&other), "{} {}", one, other);
        prop_assert_ne!(whole(&one), whole(&without), "{} {}", one, without);
        let pointer = pointer(&[old]);
        prop_assert_eq!(except(&one, &[&pointer]), whole(&without), "{} {}", one, without);
    }

    #[test]
    fn the_order_of_elements_counts(elements in vec(leaf(), 2..5), mut choices in choices()) {
        let mut turned = elements.clone();
        turned.rotate_left(1);
        prop_assume!(!elements.iter().zip(&turned).all(|(one, other)| one.is_same(other)));
        let (one, other) = (
            Array(elements).write(&mut choices),
            Array(turned).write(&mut choices),
        );
        prop_assert_ne!(whole(&one), whole(&other), "{} {}", one, other);
    }

    #[test]
    fn fields_and_except_see_exactly_what_they_name(
        (document, place, changed) in changed(),
        named in vec(any::<Index>(), 1..4),
        mut choices in choices(),
    ) {
        // Pointers that stand in the changed document too: containers are never changed, and places are the same.
        let places = document.places(true);
        let named: Vec<_> = named.iter().map(|index| index.get(&places).clone()).collect();
        let is_named = named.iter().any(|named| place.starts_with(named));
        let pointers: Vec<_> = named.iter().map(|place| pointer(place)).collect();
        let pointers: Vec<_> = pointers.iter().map(String::as_str).collect();
        let (one, other) = (document.write(&mut choices), changed.write(&mut choices));
        let of_fields = (fields(&one, &pointers), fields(&other, &pointers));
        let of_rest = (except(&one, &pointers), except(&other, &pointers));
        prop_assert!(of_fields.0.is_some() && of_rest.0.is_some());
        prop_assert_eq!(of_fields.0 != of_fields.1, is_named, "fields {:?}: {} {}", pointers, one, other);
        prop_assert_eq!(of_rest.0 != of_rest.1, !is_named, "except {:?}: {} {}", pointers, one, other);
    }
}
