//! What failed, as others see it: a code, a public text, and a cause for the log alone.

use teller_rpc::Status;

/// What kind of failure; the code of a [`Status`] on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
        match status.code {
            257 => Self::Store,
            258 => Self::Busy,
            _ => Self::Internal,
        }
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
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure that has a cause.
    pub fn new(code: Code, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { code, source: Some(source.into()) }
    }

    /// What kind of failure.
    pub fn code(&self) -> Code {
        self.code
    }

    /// Whether the same call may succeed later.
    pub fn retryable(&self) -> bool {
        matches!(self.code, Code::Store | Code::Busy)
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self { code, source: None }
    }
}

impl From<&Error> for Status {
    fn from(error: &Error) -> Self {
        Status { code: error.code as u16, message: error.code.text().to_owned() }
    }
}
