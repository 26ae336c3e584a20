//! How statements are sent.

/// How a store sends its statements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// As prepared statements. Each takes one round trip once a connection has seen it. On MySQL and MariaDB, claims are
    /// sent as text even so.
    #[default]
    Prepared,
    /// As text, with the values written in. Each takes one round trip, and nothing is prepared.
    ///
    /// Use it with a pooler or proxy that gives every transaction another connection and doesn't know prepared
    /// statements (`PgBouncer` before 1.21, or with `max_prepared_statements = 0`), and with a MySQL server that allows
    /// few of them (`max_prepared_stmt_count`). The statements then contain response bodies, at two bytes for each: if
    /// the store uses a pool of your own, make sure that it doesn't log statements.
    Simple,
}
