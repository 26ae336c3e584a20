//! The handlers that all three crates have: what they take, do and answer. Equal on every run.

/// One handler.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What it works on.
    pub resource: Resource,
    /// What it does with that.
    pub operation: Operation,
    /// How it is idempotent, where it is.
    pub options: Options,
}

/// What a handler works on: it has types of its own.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The name of its type.
    pub name: String,
    /// In paths and among rows.
    pub path: String,
    /// Its members.
    pub fields: Vec<Field>,
    /// How much its handlers do.
    pub work: Work,
}

/// A member of a resource: its name and its type.
pub type Field = (&'static str, &'static str);

/// How much a handler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// One statement or two.
    Little,
    /// Each field is looked at.
    Some,
    /// Others are told, too.
    Much,
}

/// What a handler is for, which decides its arguments and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Three arguments, 201.
    Create,
    /// Four.
    Update,
    /// Three, none of them the body; a status alone.
    Step,
    /// Five, and a list both ways.
    Batch,
    /// One, and no failure.
    Estimate,
}

/// What idempotency is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The key's header.
    pub header: Option<&'static str>,
    /// How long an outcome is kept.
    pub ttl_hours: Option<u32>,
    /// How long a claim holds.
    pub lease_seconds: Option<u64>,
    /// The status while the first attempt runs.
    pub pending: Option<u16>,
    /// The status for another request.
    pub mismatch: Option<u16>,
    /// The statuses that give the key back.
    pub release: Option<&'static [u16]>,
    /// Whether an abandoned attempt is left to people.
    pub refuse: bool,
}

const NAMES: [&str; 10] = [
    "Invoice", "Order", "Payment", "Refund", "Shipment", "Task", "Ticket", "Transfer", "Invite",
    "Report",
];

const FIELDS: [Field; 8] = [
    ("title", "String"),
    ("amount", "u64"),
    ("currency", "String"),
    ("note", "Option<String>"),
    ("tags", "Vec<String>"),
    ("quantity", "u32"),
    ("active", "bool"),
    ("reference", "Option<u64>"),
];

/// How many handlers a resource has.
const PER_RESOURCE: usize = 4;

/// So many handlers.
pub fn endpoints(count: usize) -> Vec<Endpoint> {
    (0..count).map(endpoint).collect()
}

fn endpoint(index: usize) -> Endpoint {
    let number = index / PER_RESOURCE;
    let operation = match index % PER_RESOURCE {
        0 => Operation::Create,
        1 => Operation::Update,
        2 => Operation::Step,
        _ if number.is_multiple_of(2) => Operation::Batch,
        _ => Operation::Estimate,
    };
    Endpoint {
        resource: resource(number),
        operation,
        options: options(index),
    }
}

fn resource(number: usize) -> Resource {
    let name = format!("{}{number}", NAMES[number % NAMES.len()]);
    let work = match number % 3 {
        0 => Work::Little,
        1 => Work::Some,
        _ => Work::Much,
    };
    Resource {
        path: name.to_lowercase(),
        name,
        fields: FIELDS[..3 + number % 6].to_vec(),
        work,
    }
}

/// Every third handler says no more than it must.
fn options(index: usize) -> Options {
    let every = |nth: usize| !index.is_multiple_of(3) && index.is_multiple_of(nth);
    Options {
        header: every(2).then_some("x-idempotency-key"),
        ttl_hours: every(5).then_some(72),
        lease_seconds: every(7).then_some(10),
        pending: every(4).then_some(425),
        mismatch: every(11).then_some(409),
        release: every(13).then_some(&[429, 502, 503]),
        refuse: every(8),
    }
}
