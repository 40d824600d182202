//! MySQL's errors by number, never by text: which pass by themselves, and what they say of a change.

use mysql_async::{DriverError, Error};

use crate::store::StoreError;
use crate::store::queries::ledger::Unreadable;

/// A row with this key is there already.
const DUP_ENTRY: u16 = 1062;
/// A deadlock, a lock wait that took too long, a row that another transaction changed: gone with a rollback.
const ROLLED_BACK: [u16; 3] = [1213, 1205, 1020];
/// Server shut down, connection killed (MariaDB, MySQL) or closed for idling: the connection is no more.
const CONNECTION_GONE: [u16; 4] = [1053, 1927, 3169, 4031];
/// Too many connections (server, user), disk or table space full, statement interrupted or out of time, server read-only.
const BUSY: [u16; 9] = [1040, 1203, 1021, 1114, 1317, 1969, 3024, 1290, 1836];

/// What an error says about trying again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// It would fail again.
    Never,
    /// Nothing of the unit of work is in effect.
    RolledBack,
    /// The connection was lost, and with it the knowledge of what is in effect.
    Unknown,
}

pub(super) fn again(error: &Error) -> Again {
    match error {
        Error::Server(error) if ROLLED_BACK.contains(&error.code) => Again::RolledBack,
        Error::Server(error) if CONNECTION_GONE.contains(&error.code) => Again::Unknown,
        Error::Io(_) => Again::Unknown,
        Error::Driver(DriverError::ConnectionClosed | DriverError::PacketOutOfOrder) => Again::Unknown,
        _ => Again::Never,
    }
}

/// Whether a row was refused because its key, or a unique column, is there already.
pub(super) fn is_taken(error: &Error) -> bool {
    is_number(error, &[DUP_ENTRY])
}

pub(super) fn is_number(error: &Error, numbers: &[u16]) -> bool {
    matches!(error, Error::Server(error) if numbers.contains(&error.code))
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if again(&error) != Again::Never || is_number(&error, &BUSY) {
            Self::Unavailable(error.into())
        } else {
            Self::Refused(error.into())
        }
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Self::Other(unreadable.into())
    }
}

#[cfg(test)]
mod tests {
    use mysql_async::{DriverError, Error, ServerError};

    use super::{Again, again, is_taken};
    use crate::store::StoreError;

    fn server(code: u16) -> Error {
        Error::Server(ServerError { code, message: String::new(), state: String::new() })
    }

    #[test]
    fn what_was_rolled_back_and_what_is_unknown_may_be_tried_again() {
        for (error, wanted) in [
            (server(1213), Again::RolledBack),
            (server(1205), Again::RolledBack),
            (server(1020), Again::RolledBack),
            (server(1927), Again::Unknown),
            (Error::Io(std::io::Error::other("reset").into()), Again::Unknown),
            (DriverError::ConnectionClosed.into(), Again::Unknown),
            (server(1062), Again::Never),
            (server(1064), Again::Never),
            (server(1040), Again::Never),
        ] {
            assert_eq!(again(&error), wanted, "{error}");
        }
        assert!(is_taken(&server(1062)));
    }

    #[test]
    fn a_server_that_cannot_now_is_unavailable_and_one_that_will_not_refuses() {
        for code in [1213, 1040, 1114, 1290] {
            assert!(matches!(StoreError::from(server(code)), StoreError::Unavailable(_)), "{code}");
        }
        for code in [1045, 1049, 1064, 1062, 1406] {
            assert!(matches!(StoreError::from(server(code)), StoreError::Refused(_)), "{code}");
        }
    }
}
