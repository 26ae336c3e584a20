//! What acknowledged steps survive, by the server's settings.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::store::{Durability, Survives};

/// Asks for the settings that [`judge`] looks at, as rows of a name and a value. Settings that this server doesn't
/// have are missing.
pub(super) const SETTINGS: &str = "SHOW GLOBAL VARIABLES WHERE Variable_name IN (\
    'innodb_flush_log_at_trx_commit', 'innodb_doublewrite', 'log_bin', 'sync_binlog', 'wsrep_on'); \
    SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_cluster_size', 'wsrep_cluster_status')";

/// Settings by their names, in lower case as their values are.
#[derive(Debug, Default)]
pub(super) struct Settings(HashMap<String, String>);

impl Settings {
    pub(super) fn read(rows: &[MySqlRow]) -> Result<Self, sqlx::Error> {
        let setting = |row: &MySqlRow| {
            let name: String = row.try_get(0)?;
            let value: String = row.try_get(1)?;
            Ok((name.to_ascii_lowercase(), value.to_ascii_lowercase()))
        };
        rows.iter().map(setting).collect::<Result<_, _>>().map(Self)
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn is_on(&self, name: &str) -> bool {
        matches!(self.get(name), "on" | "1" | "yes")
    }

    /// How many nodes have the same data as this one.
    fn nodes(&self) -> u32 {
        if self.is_on("wsrep_on") && self.get("wsrep_cluster_status") == "primary" {
            self.get("wsrep_cluster_size").parse().unwrap_or_default()
        } else {
            0
        }
    }
}

/// A cluster that doesn't write to its disks survives the loss of a node, but not a loss of power of all nodes.
pub(super) fn judge(settings: &Settings) -> Survives {
    let process = |because: String| Survives::up_to(Durability::Process, because);
    let flush = settings.get("innodb_flush_log_at_trx_commit");
    if flush != "1" {
        return process(format!(
            "`innodb_flush_log_at_trx_commit` is `{flush}`: set it to `1`"
        ));
    }
    let sync = settings.get("sync_binlog");
    if settings.is_on("log_bin") && sync != "1" {
        return process(format!(
            "`sync_binlog` is `{sync}` while the binary log is on: set it to `1`"
        ));
    }
    let doublewrite = settings.get("innodb_doublewrite");
    if matches!(doublewrite, "off" | "0" | "detect_only") {
        return process(format!(
            "`innodb_doublewrite` is `{doublewrite}`: set it to `ON`"
        ));
    }
    match settings.nodes() {
        0 => Survives::up_to(
            Durability::Power,
            "the server is not part of a Galera cluster, and other replication doesn't wait for a second machine",
        ),
        1 => Survives::up_to(
            Durability::Power,
            "`wsrep_cluster_size` is `1`: add nodes to the Galera cluster",
        ),
        _ => Survives::up_to(Durability::Failover, "nothing survives more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAFE: [(&str, &str); 4] = [
        ("innodb_flush_log_at_trx_commit", "1"),
        ("innodb_doublewrite", "on"),
        ("log_bin", "off"),
        ("sync_binlog", "0"),
    ];

    fn survives(changed: &[(&str, &str)]) -> Survives {
        let own = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
        judge(&Settings(SAFE.iter().chain(changed).map(own).collect()))
    }

    fn cluster(size: &'static str, status: &'static str) -> [(&'static str, &'static str); 3] {
        [
            ("wsrep_on", "on"),
            ("wsrep_cluster_size", size),
            ("wsrep_cluster_status", status),
        ]
    }

    #[test]
    fn the_settings_say_what_is_survived() {
        let most = |changed: &[_]| survives(changed).most();
        assert_eq!(most(&[]), Some(Durability::Power));
        assert_eq!(
            most(&[("log_bin", "on"), ("sync_binlog", "1")]),
            Some(Durability::Power)
        );
        assert_eq!(
            most(&[("innodb_doublewrite", "detect_and_recover")]),
            Some(Durability::Power)
        );
        assert_eq!(most(&cluster("3", "primary")), Some(Durability::Failover));
        assert_eq!(most(&cluster("1", "primary")), Some(Durability::Power));
        assert_eq!(most(&cluster("3", "non-primary")), Some(Durability::Power));
    }

    #[test]
    fn what_stands_in_the_way_is_named_with_what_it_should_be() {
        let unsafe_ones = [
            (
                ("innodb_flush_log_at_trx_commit", "2"),
                "`innodb_flush_log_at_trx_commit` is `2`: set it to `1`",
            ),
            (
                ("log_bin", "on"),
                "`sync_binlog` is `0` while the binary log is on: set it to `1`",
            ),
            (
                ("innodb_doublewrite", "off"),
                "`innodb_doublewrite` is `off`: set it to `ON`",
            ),
        ];
        for (changed, because) in unsafe_ones {
            // Not even a cluster mends it.
            let mut settings = vec![changed];
            settings.extend(cluster("3", "primary"));
            let survives = survives(&settings);
            assert_eq!(survives.most(), Some(Durability::Process));
            assert_eq!(survives.because(), because);
        }
    }
}
