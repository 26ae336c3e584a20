//! Records in this process's memory.

/// Placeholder.
#[derive(Debug)]
pub struct MemoryStore;
