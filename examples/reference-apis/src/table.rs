//! An API's own rows, in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Rows by their ids, `task_1`, in the order in which they came. Clones are one table.
pub(crate) struct Table<T>(Arc<Mutex<Rows<T>>>);

struct Rows<T> {
    last: usize,
    rows: Vec<(String, T)>,
}

impl<T: Clone> Table<T> {
    /// Adds a row that is told its id.
    pub(crate) fn insert(&self, kind: &str, row: impl FnOnce(String) -> T) -> T {
        let mut rows = self.lock();
        rows.last += 1;
        let id = format!("{kind}_{}", rows.last);
        let row = row(id.clone());
        rows.rows.push((id, row.clone()));
        row
    }

    pub(crate) fn find(&self, id: &str) -> Option<T> {
        let rows = self.lock();
        let row = rows.rows.iter().find(|(known, _)| known == id);
        row.map(|(_, row)| row.clone())
    }

    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut T)) -> Option<T> {
        let mut rows = self.lock();
        let (_, row) = rows.rows.iter_mut().find(|(known, _)| known == id)?;
        change(row);
        Some(row.clone())
    }

    /// Removes a row. Its id is not given again.
    pub(crate) fn remove(&self, id: &str) -> Option<T> {
        let mut rows = self.lock();
        let at = rows.rows.iter().position(|(known, _)| known == id)?;
        Some(rows.rows.remove(at).1)
    }

    /// The rows that are asked for.
    pub(crate) fn those(&self, asked: impl Fn(&T) -> bool) -> Vec<T> {
        let rows = self.lock();
        let rows = rows.rows.iter().map(|(_, row)| row);
        rows.filter(|row| asked(row)).cloned().collect()
    }
}

impl<T> Table<T> {
    fn lock(&self) -> MutexGuard<'_, Rows<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Rows {
            last: 0,
            rows: Vec::new(),
        })))
    }
}
