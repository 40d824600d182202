//! The settings that money and passwords rest on, and the fix for each that is wrong.

use std::fmt;

use mysql_async::{Conn, Result};

use super::unit::{Attempt, Unit};
use crate::store::queries::mysql as queries;
use crate::store::queries::rows::Setting;

/// A setting that may lose or spoil what was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsafeSetting {
    /// Its name.
    pub name: &'static str,
    /// Its value now.
    pub found: String,
    /// What it may cost.
    pub risk: &'static str,
    /// What to do.
    pub fix: &'static str,
}

impl fmt::Display for UnsafeSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, found, risk, fix } = self;
        write!(f, "{name} is {found}: {risk}; {fix}")
    }
}

/// Every unsafe setting of a server.
#[derive(Debug, PartialEq, Eq)]
pub struct UnsafeSettings(pub Vec<UnsafeSetting>);

impl fmt::Display for UnsafeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        write!(f, "the MySQL server's settings are not safe: {}", all.join(". "))
    }
}

impl std::error::Error for UnsafeSettings {}

struct Rule {
    name: &'static str,
    safe: fn(&str) -> bool,
    risk: &'static str,
    fix: &'static str,
}

const ALWAYS: &[Rule] = &[
    Rule {
        name: "innodb_flush_log_at_trx_commit",
        safe: |value| value == "1",
        risk: "acknowledged commits are lost in a crash",
        fix: "run SET GLOBAL innodb_flush_log_at_trx_commit = 1, and put it under [mysqld] so that it lasts",
    },
    Rule {
        name: "innodb_doublewrite",
        safe: |value| matches!(value, "ON" | "1" | "DETECT_AND_RECOVER"),
        risk: "a page half written in a crash cannot be repaired",
        fix: "put innodb_doublewrite = ON under [mysqld] and restart the server",
    },
    Rule {
        name: "local_infile",
        safe: |value| value == "OFF",
        risk: "a server can ask clients for their files",
        fix: "run SET GLOBAL local_infile = 0, and put it under [mysqld] so that it lasts",
    },
    Rule {
        name: "sql_mode",
        safe: |value| value.split(',').any(|mode| mode == "STRICT_ALL_TABLES"),
        risk: "values that do not fit are cut instead of refused",
        fix: "let every connection set its own sql_mode (is there a proxy that ignores SET?)",
    },
    Rule {
        name: "autocommit",
        safe: |value| value == "ON",
        risk: "single statements are never committed",
        fix: "let every connection set autocommit (is there a proxy that ignores SET?)",
    },
    Rule {
        name: "tx_isolation",
        safe: |value| value == "READ-COMMITTED",
        risk: "locking reads see old rows and take gap locks",
        fix: "let every connection set READ COMMITTED (is there a proxy that ignores SET?)",
    },
    Rule {
        name: "transaction_isolation",
        safe: |value| value == "READ-COMMITTED",
        risk: "locking reads see old rows and take gap locks",
        fix: "let every connection set READ COMMITTED (is there a proxy that ignores SET?)",
    },
    Rule {
        name: "innodb_lock_wait_timeout",
        safe: |value| value == "2",
        risk: "a caller waits for a lock long after its deadline",
        fix: "let every connection set innodb_lock_wait_timeout (is there a proxy that ignores SET?)",
    },
];

const WITH_BINARY_LOG: &[Rule] = &[
    Rule {
        name: "sync_binlog",
        safe: |value| value == "1",
        risk: "the binary log, and with it replicas and backups, lose acknowledged commits in a crash",
        fix: "run SET GLOBAL sync_binlog = 1, and put it under [mysqld] so that it lasts",
    },
    Rule {
        name: "binlog_format",
        safe: |value| value != "STATEMENT",
        risk: "READ COMMITTED cannot be logged as statements: every write fails",
        fix: "put binlog_format = ROW under [mysqld] and restart the server",
    },
];

/// What is wrong with `settings`. A setting that the server does not have is none.
fn unsafe_ones(settings: &[Setting]) -> Vec<UnsafeSetting> {
    let value = |name: &str| {
        let setting = settings.iter().find(|setting| setting.variable_name.eq_ignore_ascii_case(name));
        setting.map(|setting| setting.value.as_str())
    };
    let logs = value("log_bin") == Some("ON");
    let rules = ALWAYS.iter().chain(WITH_BINARY_LOG.iter().filter(|_| logs));
    rules
        .filter_map(|rule| {
            let found = value(rule.name).filter(|value| !(rule.safe)(value))?.to_owned();
            Some(UnsafeSetting { name: rule.name, found, risk: rule.risk, fix: rule.fix })
        })
        .collect()
}

pub(super) struct Check;

impl Unit for Check {
    type Value = Vec<UnsafeSetting>;

    async fn run(&self, db: &mut Conn, _: Attempt) -> Result<Vec<UnsafeSetting>> {
        Ok(unsafe_ones(&queries::settings(db).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::{Setting, unsafe_ones};

    fn names(settings: &[(&str, &str)]) -> Vec<&'static str> {
        let settings: Vec<_> = settings
            .iter()
            .map(|(name, value)| Setting { variable_name: (*name).to_owned(), value: (*value).to_owned() })
            .collect();
        unsafe_ones(&settings).into_iter().map(|setting| setting.name).collect()
    }

    #[test]
    fn each_unsafe_setting_is_named_and_the_absent_are_not() {
        assert_eq!(names(&[]), [""; 0]);
        assert_eq!(names(&[("innodb_flush_log_at_trx_commit", "2")]), ["innodb_flush_log_at_trx_commit"]);
        assert_eq!(names(&[("innodb_doublewrite", "DETECT_ONLY")]), ["innodb_doublewrite"]);
        assert_eq!(names(&[("innodb_doublewrite", "DETECT_AND_RECOVER")]), [""; 0]);
        assert_eq!(names(&[("sql_mode", "ANSI_QUOTES"), ("local_infile", "ON")]), ["local_infile", "sql_mode"]);
        assert_eq!(names(&[("transaction_isolation", "REPEATABLE-READ")]), ["transaction_isolation"]);
    }

    #[test]
    fn the_binary_log_counts_where_there_is_one() {
        assert_eq!(names(&[("log_bin", "OFF"), ("sync_binlog", "0")]), [""; 0]);
        assert_eq!(names(&[("log_bin", "ON"), ("sync_binlog", "0")]), ["sync_binlog"]);
        assert_eq!(names(&[("log_bin", "ON"), ("binlog_format", "STATEMENT")]), ["binlog_format"]);
    }
}
