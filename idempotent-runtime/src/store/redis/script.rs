//! The scripts, one for each step, and how they are sent.

use std::sync::LazyLock;

use ::redis::{Cmd, ErrorKind, ServerErrorKind, Value, cmd};

use super::connection::{Connection, Failed, Lane};

/// A step, as the server runs it.
#[derive(Debug)]
pub(super) struct Script {
    text: &'static str,
    hash: String,
    lane: Lane,
}

macro_rules! scripts {
    ($($name:ident, $lane:ident, $($part:literal)*;)*) => {$(
        pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
            let text = concat!(
                include_str!("scripts/prelude.lua"),
                $(include_str!(concat!("scripts/", $part, ".lua"))),*
            );
            Script::new(text, Lane::$lane)
        });
    )*};
}

scripts! {
    CLAIM, Claims, "claim_free" "origin" "claim";
    RENEW, Attempts, "origin" "renew";
    PUBLISH, Attempts, "publish";
    COMPLETE, Ends, "finish" "complete";
    WITHDRAW, Attempts, "origin" "finish" "withdraw";
    RELEASE, Ends, "finish" "release";
    LOAD, Claims, "load";
    FORGET, Attempts, "forget";
    RESOLVE, Attempts, "origin" "finish" "resolve";
}

impl Script {
    fn new(text: &'static str, lane: Lane) -> Self {
        Self {
            text,
            hash: ::redis::Script::new(text).get_hash().to_owned(),
            lane,
        }
    }

    /// Runs the script on one key. It takes one round trip if the server knows the script, and two otherwise.
    ///
    /// The request names the script by its hash. If the server doesn't know it, the text is sent, in a cluster only to
    /// that node: loading it on all nodes would fail while any of them is down.
    pub(super) async fn run(
        &self,
        connection: &Connection,
        key: &str,
        arguments: impl Fn(&mut Cmd),
    ) -> Result<Value, Failed> {
        let call = |verb, script: &str| {
            let mut call = cmd(verb);
            call.arg(script).arg(1).arg(key);
            arguments(&mut call);
            call
        };
        match connection
            .ask(self.lane, &call("EVALSHA", &self.hash))
            .await
        {
            Err(failed)
                if failed.error().kind() == ErrorKind::Server(ServerErrorKind::NoScript) =>
            {
                connection.ask(self.lane, &call("EVAL", self.text)).await
            }
            answer => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::columns::state;

    #[test]
    fn the_scripts_and_the_columns_write_the_same_states() {
        let named = format!(
            "local RUNNING, RELEASED = '{}', '{}'\n",
            state::RUNNING,
            state::RELEASED
        );
        assert!(CLAIM.text.contains(&named));
        let done = [
            state::COMPLETED,
            state::FAILED_FINAL,
            state::FAILED_RETRIABLE,
        ];
        assert!(done.iter().all(|state| (2..=4).contains(state)));
    }

    #[test]
    fn a_script_names_no_key_but_the_one_that_it_was_given() {
        for script in [
            &CLAIM, &RENEW, &PUBLISH, &COMPLETE, &WITHDRAW, &RELEASE, &LOAD, &FORGET, &RESOLVE,
        ] {
            let calls = script.text.matches("redis.call(").count()
                + script.text.matches("redis.pcall(").count();
            let keyed = script.text.matches("', key").count();
            let time = script.text.matches("redis.call('TIME')").count();
            assert_eq!(calls, keyed + time);
        }
    }
}
