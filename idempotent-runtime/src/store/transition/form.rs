//! The serialized form of a row, and its versions.
//!
//! Version 1 had a fingerprint, an attempt and a phase, and no version. It is read from formats that name their fields,
//! such as JSON. A format that writes values alone, such as postcard, can't tell it from version 2 and refuses it.

use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::row::{Phase, Row};
use crate::clock::Timestamp;
use crate::fingerprint::Fingerprint;
use crate::identity::AttemptId;
use crate::outcome::{Disposition, Outcome};
use crate::store::{Extra, Label};

impl Row {
    /// The version of the serialized form that this release writes. It reads every earlier one, and refuses a later one.
    pub const VERSION: u8 = 2;
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Row")]
struct Form {
    #[serde(default = "first")]
    version: u8,
    fingerprint: Fingerprint,
    attempt: AttemptId,
    #[serde(default)]
    label: Label,
    #[serde(default)]
    claimed_at: Option<Timestamp>,
    #[serde(default)]
    generation: Option<AttemptId>,
    #[serde(default)]
    abandoned: u32,
    phase: PhaseForm,
    #[serde(default)]
    extra: Extra,
}

fn first() -> u8 {
    1
}

/// The order of the variants and of their fields stays as it is.
#[derive(Serialize, Deserialize)]
#[serde(rename = "Phase", rename_all = "snake_case")]
enum PhaseForm {
    Running {
        lease_until: Timestamp,
        #[serde(default)]
        keep_millis: Option<u64>,
        taken_from: Option<AttemptId>,
        provisional: Option<Outcome>,
    },
    /// Version 1 wrote it.
    Released,
    Done {
        disposition: Disposition,
        outcome: Option<Outcome>,
        expires_at: Option<Timestamp>,
    },
    GivenBack {
        until: Timestamp,
    },
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = Form {
            version: Self::VERSION,
            fingerprint: self.fingerprint,
            attempt: self.attempt,
            label: self.label.clone(),
            claimed_at: self.claimed_at,
            generation: Some(self.generation),
            abandoned: self.abandoned,
            phase: self.phase.clone().into(),
            extra: self.extra.clone(),
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        if form.version > Self::VERSION {
            return Err(D::Error::custom(format_args!(
                "the row's version is {}, and this release knows none later than {}",
                form.version,
                Self::VERSION
            )));
        }
        let row = Self::new(form.fingerprint, form.attempt, form.phase.into());
        Ok(Self {
            label: form.label,
            claimed_at: form.claimed_at,
            generation: form.generation.unwrap_or(row.generation),
            abandoned: form.abandoned,
            extra: form.extra,
            ..row
        })
    }
}

impl From<Phase> for PhaseForm {
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Running {
                lease_until,
                keep,
                taken_from,
                provisional,
            } => Self::Running {
                lease_until,
                keep_millis: keep.map(|keep| u64::try_from(keep.as_millis()).unwrap_or(u64::MAX)),
                taken_from,
                provisional,
            },
            Phase::Released { until } => Self::GivenBack { until },
            Phase::Done {
                disposition,
                outcome,
                expires_at,
            } => Self::Done {
                disposition,
                outcome,
                expires_at,
            },
        }
    }
}

impl From<PhaseForm> for Phase {
    fn from(form: PhaseForm) -> Self {
        match form {
            PhaseForm::Running {
                lease_until,
                keep_millis,
                taken_from,
                provisional,
            } => Self::Running {
                lease_until,
                keep: keep_millis.map(Duration::from_millis),
                taken_from,
                provisional,
            },
            // It could be swept at once.
            PhaseForm::Released => Self::Released {
                until: Timestamp::from_millis(i64::MIN),
            },
            PhaseForm::Done {
                disposition,
                outcome,
                expires_at,
            } => Self::Done {
                disposition,
                outcome,
                expires_at,
            },
            PhaseForm::GivenBack { until } => Self::Released { until },
        }
    }
}
