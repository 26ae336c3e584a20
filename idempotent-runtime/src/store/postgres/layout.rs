//! How records lie in the database.

/// How a [`PostgresStore`](crate::PostgresStore) keeps its records in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// One table. Expired rows are deleted in small batches.
    #[default]
    Plain,
    /// A table with one partition for each day on which records were claimed. Nothing is deleted: once all records of a
    /// day have expired, the whole day is dropped. Every step looks into each day that is still there, so windows should
    /// be days rather than months.
    PartitionedByDay,
}
