//! The application's own table.

use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};

use crate::organization::Organization;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS artifacts (
        id TEXT NOT NULL PRIMARY KEY,
        organization TEXT NOT NULL,
        title TEXT NOT NULL,
        channel TEXT
    ) STRICT";

/// A piece of content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, sqlx::FromRow)]
pub(crate) struct Artifact {
    pub(crate) id: String,
    pub(crate) title: String,
    /// Where it was published, if it was.
    pub(crate) channel: Option<String>,
}

/// The table of artifacts. Each organization sees its own.
#[derive(Clone, Debug)]
pub(crate) struct Artifacts {
    pool: SqlitePool,
}

impl Artifacts {
    pub(crate) async fn open(file: &Path) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new().connect_with(options).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Self { pool })
    }

    /// Adds an artifact. Adding it once more under the same id changes nothing.
    pub(crate) async fn add(
        &self,
        organization: &Organization,
        id: String,
        title: String,
    ) -> Result<Artifact, sqlx::Error> {
        sqlx::query(
            "INSERT INTO artifacts (id, organization, title) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&id)
        .bind(organization.id())
        .bind(&title)
        .execute(&self.pool)
        .await?;
        let channel = None;
        Ok(Artifact { id, title, channel })
    }

    /// Notes where an artifact was published; `None` if there is no such artifact.
    pub(crate) async fn publish(
        &self,
        organization: &Organization,
        id: &str,
        channel: &str,
    ) -> Result<Option<Artifact>, sqlx::Error> {
        sqlx::query_as(
            "UPDATE artifacts SET channel = ? WHERE id = ? AND organization = ? RETURNING id, title, channel",
        )
        .bind(channel)
        .bind(id)
        .bind(organization.id())
        .fetch_optional(&self.pool)
        .await
    }

    pub(crate) async fn list(
        &self,
        organization: &Organization,
    ) -> Result<Vec<Artifact>, sqlx::Error> {
        sqlx::query_as(
            "SELECT id, title, channel FROM artifacts WHERE organization = ? ORDER BY rowid",
        )
        .bind(organization.id())
        .fetch_all(&self.pool)
        .await
    }
}
