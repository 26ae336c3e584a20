//! Versions of the tables.

/// The tables were made by a later release.
#[derive(Debug, thiserror::Error)]
#[error("the tables have schema version {found}, and this release knows no version after {known}")]
pub(in crate::store) struct NewerSchema {
    found: i64,
    known: i64,
}

/// Checks the version that a database has against the last one that this release knows.
pub(in crate::store) fn check_version(found: i64, known: i64) -> Result<(), NewerSchema> {
    if found > known {
        return Err(NewerSchema { found, known });
    }
    Ok(())
}
