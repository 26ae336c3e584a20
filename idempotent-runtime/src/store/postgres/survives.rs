//! What acknowledged steps survive, by the server's settings.

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::store::{Durability, Survives};

/// Asks for the settings that [`read`] judges, in its order. A setting that this release of the server lacks is null.
pub(super) const SETTINGS: &str = "SELECT current_setting('fsync', true), \
    current_setting('synchronous_commit', true), current_setting('full_page_writes', true), \
    current_setting('synchronous_standby_names', true)";

pub(super) fn read(row: &PgRow) -> Result<Survives, sqlx::Error> {
    let setting = |index: usize| {
        row.try_get::<Option<String>, _>(index)
            .map(Option::unwrap_or_default)
    };
    Ok(judge(
        &setting(0)?,
        &setting(1)?,
        &setting(2)?,
        &setting(3)?,
    ))
}

/// <https://www.postgresql.org/docs/current/runtime-config-wal.html>
fn judge(fsync: &str, commit: &str, full_page_writes: &str, standbys: &str) -> Survives {
    let process = |because: String| Survives::up_to(Durability::Process, because);
    let power = |because: String| Survives::up_to(Durability::Power, because);
    if fsync != "on" {
        return process(format!("`fsync` is `{fsync}`: set it to `on`"));
    }
    if full_page_writes != "on" {
        return process(format!(
            "`full_page_writes` is `{full_page_writes}`: set it to `on`"
        ));
    }
    match commit {
        "off" => process("`synchronous_commit` is `off`: set it to `on`".to_owned()),
        "local" => power(
            "`synchronous_commit` is `local`: set it to `on`, with a standby in `synchronous_standby_names`"
                .to_owned(),
        ),
        _ if standbys.trim().is_empty() => power(
            "`synchronous_standby_names` is empty: name a standby that every commit waits for"
                .to_owned(),
        ),
        _ => Survives::up_to(Durability::Failover, "nothing survives more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn most(settings: [&str; 4]) -> Option<Durability> {
        let [fsync, commit, pages, standbys] = settings;
        judge(fsync, commit, pages, standbys).most()
    }

    #[test]
    fn the_settings_say_what_is_survived() {
        assert_eq!(most(["on", "on", "on", ""]), Some(Durability::Power));
        assert_eq!(
            most(["on", "on", "on", "ANY 1 (b, c)"]),
            Some(Durability::Failover)
        );
        assert_eq!(
            most(["on", "remote_apply", "on", "b"]),
            Some(Durability::Failover)
        );
        assert_eq!(most(["on", "local", "on", "b"]), Some(Durability::Power));
        assert_eq!(most(["on", "off", "on", "b"]), Some(Durability::Process));
        assert_eq!(most(["off", "on", "on", "b"]), Some(Durability::Process));
        assert_eq!(most(["on", "on", "off", "b"]), Some(Durability::Process));
    }
}
