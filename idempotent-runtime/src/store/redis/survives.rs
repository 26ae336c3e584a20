//! What acknowledged steps survive with the server's current settings.

use std::collections::HashMap;

use ::redis::{Value, cmd, from_redis_value};

use super::connection::Connection;
use super::error::{is_refusal, to_store_error};
use crate::store::{Durability, StoreError, Survives};

/// The settings that matter, in the order in which they are judged.
const SETTINGS: [&str; 5] = [
    "maxmemory",
    "maxmemory-policy",
    "appendonly",
    "appendfsync",
    "no-appendfsync-on-rewrite",
];

const NOT_READ: &str = "the server's settings cannot be read: grant the store's user `+config|get`, or, where a \
                        provider withholds it, see for yourself that `maxmemory-policy` is `noeviction`";

const NO_FAILOVER: &str = "Redis acknowledges before its replicas have a write, and a replica that takes over may lack \
                           it, even with WAIT: a failover needs another store";

/// Asks every primary, and returns the answer of the weakest.
pub(super) async fn ask(connection: &Connection) -> Result<Survives, StoreError> {
    // By address: a node may come or go between two questions, and one that didn't answer all of them isn't trusted.
    let mut servers: HashMap<String, Settings> = HashMap::new();
    for setting in SETTINGS {
        let answers = connection
            .ask_primaries(cmd("CONFIG").arg("GET").arg(setting))
            .await;
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) if is_refusal(&error) => return Ok(Survives::nothing(NOT_READ)),
            Err(error) => return Err(to_store_error(error)),
        };
        for (address, answer) in answers {
            servers.entry(address).or_default().read(answer);
        }
    }
    let weakest = servers
        .values()
        .map(Settings::survive)
        .min_by_key(Survives::most);
    Ok(weakest.unwrap_or_else(|| Survives::nothing(NOT_READ)))
}

/// The settings of one server.
#[derive(Debug, Default)]
struct Settings(HashMap<String, String>);

impl Settings {
    /// An answer that `CONFIG GET` doesn't give leaves the setting unknown.
    fn read(&mut self, answer: Value) {
        if let Ok(settings) = from_redis_value::<HashMap<String, String>>(answer) {
            self.0.extend(settings);
        }
    }

    fn survive(&self) -> Survives {
        let [maxmemory, policy, appendonly, appendfsync, not_on_rewrite] =
            SETTINGS.map(|name| self.0.get(name).map(String::as_str));
        let (Some(maxmemory), Some(policy), Some(appendonly)) = (maxmemory, policy, appendonly)
        else {
            return Survives::nothing(NOT_READ);
        };
        if maxmemory != "0" && policy != "noeviction" {
            return Survives::nothing(format!(
                "Redis removes records when its memory is full, as `maxmemory-policy` is `{policy}`: set \
                 `maxmemory-policy noeviction`"
            ));
        }
        if appendonly != "yes" {
            return Survives::up_to(
                Durability::Process,
                "Redis keeps no log of its writes, and loses the last of them with its own process: set `appendonly yes` \
                 and `appendfsync always`",
            );
        }
        if appendfsync != Some("always") {
            return Survives::up_to(
                Durability::Process,
                "Redis acknowledges before its log is on the disk: set `appendfsync always`",
            );
        }
        if not_on_rewrite != Some("no") {
            return Survives::up_to(
                Durability::Process,
                "Redis does not wait for the disk while it rewrites its log: set `no-appendfsync-on-rewrite no`",
            );
        }
        Survives::up_to(Durability::Power, NO_FAILOVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The safest there is, but for these.
    fn survives(changed: &[(&str, &str)]) -> Survives {
        let safest = [
            ("maxmemory", "0"),
            ("maxmemory-policy", "noeviction"),
            ("appendonly", "yes"),
            ("appendfsync", "always"),
            ("no-appendfsync-on-rewrite", "no"),
        ];
        let settings = safest.iter().chain(changed);
        Settings(
            settings
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
        .survive()
    }

    #[track_caller]
    fn assert_survives(changed: &[(&str, &str)], most: Option<Durability>, because: &str) {
        let survives = survives(changed);
        assert_eq!(survives.most(), most, "{survives:?}");
        assert!(survives.because().contains(because), "{survives:?}");
    }

    #[test]
    fn a_log_that_is_always_on_the_disk_survives_a_loss_of_power_and_no_failover() {
        assert_survives(&[], Some(Durability::Power), "even with WAIT");
        assert_survives(&[("maxmemory", "1048576")], Some(Durability::Power), "WAIT");
    }

    #[test]
    fn a_lesser_log_survives_the_applications_process() {
        let process = Some(Durability::Process);
        assert_survives(
            &[("appendfsync", "everysec")],
            process,
            "`appendfsync always`",
        );
        assert_survives(&[("appendfsync", "no")], process, "`appendfsync always`");
        assert_survives(&[("appendonly", "no")], process, "`appendonly yes`");
        let on_rewrite = "no-appendfsync-on-rewrite";
        assert_survives(
            &[(on_rewrite, "yes")],
            process,
            "`no-appendfsync-on-rewrite no`",
        );
    }

    #[test]
    fn a_server_that_evicts_keeps_nothing() {
        for policy in [
            "allkeys-lru",
            "allkeys-random",
            "volatile-ttl",
            "volatile-lfu",
        ] {
            let changed = [("maxmemory", "1048576"), ("maxmemory-policy", policy)];
            assert_survives(&changed, None, "`maxmemory-policy noeviction`");
        }
        // Without a limit nothing is evicted.
        assert_survives(
            &[("maxmemory-policy", "allkeys-lru")],
            Some(Durability::Power),
            "WAIT",
        );
    }

    #[test]
    fn a_server_that_says_nothing_is_not_trusted() {
        let survives = Settings::default().survive();
        assert_eq!(survives.most(), None);
        assert!(survives.because().contains("`+config|get`"));
    }
}
