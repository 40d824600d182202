//! What is wrong with a request that reached no handler.

use super::catalog::Kind;
use super::front::Call;
use super::reply::{Reply, Trouble};
use crate::domain::invalid::Invalid;

/// `GET /problems/{name}`: what a type of problem means.
pub(super) fn show(call: &Call<'_>) -> Result<Reply, Trouble> {
    let name = call.head.uri().path().rsplit('/').next().unwrap_or_default();
    Ok(Reply::explanation(Kind::of(name).ok_or(Problem::NotFound)?))
}

/// Why a request was answered before, or instead of, its handler. Statuses and texts are in [`super::reply`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// It is not HTTP as the standard has it: what, and the rule.
    Malformed(&'static str, &'static str),
    /// A page of another site made it.
    CrossSite,
    /// There is nothing at this path.
    NotFound,
    /// The path does not take this method; those it takes, as in `Allow`.
    MethodNotAllowed(&'static str),
    /// The head or the body did not arrive in time: which.
    TooSlow(&'static str),
    /// The body is longer than this many bytes.
    BodyTooLarge(usize),
    /// Path and query are longer than they may be.
    TargetTooLong,
    /// A body of a media type that the route does not read; those it reads.
    UnsupportedMediaType(&'static str),
    /// Too many headers, or too many bytes of them.
    HeadTooLarge,
    /// Over a limit, or stopping, or the backend is away: come back later.
    Unavailable,
}

impl Problem {
    /// The part of the request that is wrong and the rule it broke, where there is one.
    pub(super) fn rule(&self) -> Option<Invalid> {
        let (field, rule) = match self {
            Self::Malformed(field, rule) => (*field, (*rule).into()),
            Self::CrossSite => ("origin", "must be this site".into()),
            Self::MethodNotAllowed(allow) => ("method", format!("must be one of {allow}").into()),
            Self::TooSlow(part) => (*part, "must arrive in time".into()),
            Self::BodyTooLarge(limit) => ("body", format!("must be at most {limit} bytes").into()),
            Self::TargetTooLong => ("target", "must be shorter".into()),
            Self::UnsupportedMediaType(known) => ("content-type", format!("must be {known}").into()),
            Self::HeadTooLarge => ("head", "must be smaller".into()),
            Self::NotFound | Self::Unavailable => return None,
        };
        Some(Invalid { field: field.into(), rule })
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.rule() {
            Some(broken) => broken.fmt(f),
            None => write!(f, "{self:?}"),
        }
    }
}

impl std::error::Error for Problem {}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Early(problem)
    }
}
