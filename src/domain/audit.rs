//! What is written down about who did what: for operators, and for whoever asks them later.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::caller::{Caller, Device};
use super::invalid::Invalid;
use super::time::Timestamp;
use super::user::UserId;

macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $name:ident $text:literal,)*) => {
        /// What happened. The names are those in SQL and on `/v1`: they are never given another meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum AuditKind { $($(#[doc = $about])+ $name),* }

        impl AuditKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

kinds! {
    /// Somebody signed in; the answer was sent after this was written.
    SignIn "sign_in",
    /// Somebody was not let in. About the user whose name was given; about nobody if nobody has it, and the name itself is not kept: it may be a
    /// password.
    SignInFailed "sign_in_failed",
    /// Somebody signed out.
    SignOut "sign_out",
    /// Sessions of a user were ended by that user or by a change of the password.
    SessionsBlocked "sessions_blocked",
    /// A user has another password.
    PasswordChanged "password_changed",
    /// A user may do more, or less.
    RoleChanged "role_changed",
    /// A refresh token was used that had been replaced: its session was ended.
    TokenReused "token_reused",
    /// An operator asked for a deposit. This one and those that follow are written before the ledger is asked, whatever it says then.
    Deposit "deposit",
    /// An operator asked for a withdrawal.
    Withdrawal "withdrawal",
    /// An operator asked for a transfer of others' money.
    TransferByOperator "transfer_by_operator",
    /// An operator asked to post or to void others' pending transfer.
    SettlementByOperator "settlement_by_operator",
    /// An operator asked for a deduction from another's account.
    DeductionByOperator "deduction_by_operator",
    /// An operator asked for a payment of another's money.
    PaymentByOperator "payment_by_operator",
    /// An operator asked to give a payment back.
    RefundByOperator "refund_by_operator",
    /// An operator asked to freeze, open or close an account, or to let it be overdrawn.
    AccountChanged "account_changed",
    /// A webhook was made, changed, deleted, or asked to bring something again: written before it is done.
    WebhookChanged "webhook_changed",
    /// An operator set the rate of one currency in another.
    RateSet "rate_set",
    /// An operator said what came of a line of a statement.
    StatementResolved "statement_resolved",
}

impl AuditKind {
    /// The kind of that name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let found = Self::ALL.iter().copied().find(|kind| kind.as_str() == text);
        found.ok_or_else(|| Invalid::new("kind", "must be a kind of event"))
    }
}

impl fmt::Display for AuditKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Most characters of [`AuditEvent::detail`].
pub const DETAIL_MAX_CHARS: usize = 1024;

/// Something that happened. Never made of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEvent {
    /// What.
    pub kind: AuditKind,
    /// Whom it is about, where it is about somebody.
    pub user: Option<UserId>,
    /// Who did it, where that is known: nobody knows who typed a wrong password.
    pub actor: Option<UserId>,
    /// From where.
    pub device: Device,
    /// What more there is to say, for people.
    detail: String,
}

impl AuditEvent {
    /// Something that happened, from nowhere and about nobody so far.
    pub fn new(kind: AuditKind) -> Self {
        Self { kind, user: None, actor: None, device: Device::default(), detail: String::new() }
    }

    /// The same about `user`.
    #[must_use]
    pub fn about(self, user: impl Into<Option<UserId>>) -> Self {
        Self { user: user.into(), ..self }
    }

    /// The same done by `actor`.
    #[must_use]
    pub fn by(self, actor: impl Into<Option<UserId>>) -> Self {
        Self { actor: actor.into(), ..self }
    }

    /// The same from where `caller` is.
    #[must_use]
    pub fn from_caller(self, caller: &Caller) -> Self {
        self.from_device(Device::new(caller.address, ""))
    }

    /// The same from `device`.
    #[must_use]
    pub fn from_device(self, device: Device) -> Self {
        Self { device, ..self }
    }

    /// The same with more to say, which is cut after [`DETAIL_MAX_CHARS`] characters and never refused.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        let mut detail = detail.into();
        if let Some((end, _)) = detail.char_indices().nth(DETAIL_MAX_CHARS) {
            detail.truncate(end);
        }
        Self { detail, ..self }
    }

    /// What more there is to say.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

/// An event as it was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// Its number: later events have higher ones, with gaps.
    pub id: u64,
    /// When it was written.
    pub at: Timestamp,
    /// What happened.
    pub event: AuditEvent,
}

#[cfg(test)]
mod tests {
    use super::{AuditEvent, AuditKind, DETAIL_MAX_CHARS};

    #[test]
    fn every_kind_is_known_by_its_name_which_fits_its_column() {
        for kind in AuditKind::ALL {
            assert_eq!(AuditKind::parse(kind.as_str()), Ok(*kind));
            assert!((1..=32).contains(&kind.as_str().len()), "{kind}");
        }
        assert_eq!(AuditKind::parse("hunter2").expect_err("none").to_string(), "kind: must be a kind of event");
    }

    #[test]
    fn a_detail_is_cut_at_a_character() {
        let event = |chars| AuditEvent::new(AuditKind::SignIn).with_detail("ü".repeat(chars));
        for (given, kept) in [(0, 0), (DETAIL_MAX_CHARS, DETAIL_MAX_CHARS), (DETAIL_MAX_CHARS + 1, DETAIL_MAX_CHARS)] {
            assert_eq!(event(given).detail().chars().count(), kept);
        }
    }
}
