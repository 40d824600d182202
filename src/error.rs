//! What failed, as others see it: a code, a public text, and a cause for the log alone.

use teller_rpc::Status;

/// What kind of failure; the code of a [`Status`] on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Code {
    /// Anything of ours.
    Internal = 256,
    /// A store refused or is away.
    Store = 257,
    /// A bounded queue is full: come back later.
    Busy = 258,
}

impl Code {
    /// The code of a status that came over the wire.
    pub fn of(status: &Status) -> Self {
        [Self::Store, Self::Busy].into_iter().find(|code| *code as u16 == status.code).unwrap_or(Self::Internal)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Internal => "internal error",
            Self::Store => "the store is not available",
            Self::Busy => "too busy, try again later",
        }
    }
}

/// A failure, with its cause. Only code and text leave the process; the cause is logged where it is answered.
#[derive(Debug, thiserror::Error)]
#[error("{}", code.text())]
pub struct Error {
    code: Code,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl Error {
    /// A failure, and its cause.
    pub fn new(code: Code, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { code, source: source.into() }
    }

    /// Whether it is only that there was too much to do.
    pub fn is_busy(&self) -> bool {
        self.code == Code::Busy
    }
}

impl From<&Error> for Status {
    fn from(error: &Error) -> Self {
        Status { code: error.code as u16, message: error.code.text().to_owned() }
    }
}
