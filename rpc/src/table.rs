//! [`Table`]: the services and methods of a server, as WELCOME carries them and as a client looks them up.

use bytes::{Buf, Bytes};

/// The largest table in bytes, and so the largest WELCOME less its proof.
pub const MAX_TABLE_BYTES: usize = 64 << 10;

/// A service of the table. Its number on the wire is its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceInfo {
    /// What callers name.
    pub name: String,
    /// Its methods; a method's number is its place.
    pub methods: Vec<MethodInfo>,
}

/// A method of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodInfo {
    /// What callers name.
    pub name: String,
    /// Doing it twice is as good as once: it may be retried after a lost connection.
    pub idempotent: bool,
}

/// Everything that a server offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// In the order of registration.
    pub services: Vec<ServiceInfo>,
}

/// The bytes are no table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the method table is malformed")]
pub struct TableError;

impl Table {
    /// The table's bytes. Names are at most 255 bytes, which the registry has checked.
    pub fn to_wire(&self) -> Vec<u8> {
        let mut out = vec![];
        put_count(&mut out, self.services.len());
        for service in &self.services {
            put_name(&mut out, &service.name);
            put_count(&mut out, service.methods.len());
            for method in &service.methods {
                put_name(&mut out, &method.name);
                out.push(method.idempotent.into());
            }
        }
        out
    }

    /// Reads a table that takes up all of `bytes`.
    pub fn from_wire(mut bytes: Bytes) -> Result<Self, TableError> {
        let mut table = Self::default();
        for _ in 0..take_count(&mut bytes)? {
            let mut service = ServiceInfo { name: take_name(&mut bytes)?, methods: vec![] };
            for _ in 0..take_count(&mut bytes)? {
                let name = take_name(&mut bytes)?;
                let flags = bytes.try_get_u8().map_err(|_| TableError)?;
                service.methods.push(MethodInfo { name, idempotent: flags & 1 != 0 });
            }
            table.services.push(service);
        }
        if bytes.is_empty() { Ok(table) } else { Err(TableError) }
    }
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    let count = u16::try_from(count).expect("the registry takes no table over MAX_TABLE_BYTES");
    out.extend_from_slice(&count.to_le_bytes());
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    out.push(u8::try_from(name.len()).expect("the registry takes no longer names"));
    out.extend_from_slice(name.as_bytes());
}

fn take_count(bytes: &mut Bytes) -> Result<u16, TableError> {
    bytes.try_get_u16_le().map_err(|_| TableError)
}

fn take_name(bytes: &mut Bytes) -> Result<String, TableError> {
    let len = usize::from(bytes.try_get_u8().map_err(|_| TableError)?);
    if bytes.len() < len {
        return Err(TableError);
    }
    String::from_utf8(bytes.split_to(len).to_vec()).map_err(|_| TableError)
}

/// The numbers of a method on one connection: service, then method.
pub(crate) type Numbers = (u16, u16);

/// Why a name has no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Service,
    Method,
}

/// A table as a client asks it: by name. Looked up once per call, so by a key and not by walking the names.
#[derive(Debug)]
pub(crate) struct Directory {
    table: Table,
    by_key: Vec<(u64, Numbers)>,
}

impl Directory {
    pub(crate) fn new(table: Table) -> Self {
        let mut by_key = vec![];
        for (service, number) in table.services.iter().zip(0_u16..) {
            for (method, index) in service.methods.iter().zip(0_u16..) {
                by_key.push((key(&service.name, &method.name), (number, index)));
            }
        }
        by_key.sort_unstable();
        Self { table, by_key }
    }

    /// All services and methods.
    pub(crate) fn table(&self) -> &Table {
        &self.table
    }

    /// The numbers of `service.method`, whose [`key`] the caller has computed at compile time.
    pub(crate) fn find(&self, key: u64, service: &str, method: &str) -> Result<Numbers, Missing> {
        if let Ok(at) = self.by_key.binary_search_by_key(&key, |entry| entry.0) {
            let (number, index) = self.by_key[at].1;
            let found = &self.table.services[usize::from(number)];
            if found.name == service && found.methods[usize::from(index)].name == method {
                return Ok((number, index));
            }
        }
        if self.table.services.iter().any(|known| known.name == service) {
            Err(Missing::Method)
        } else {
            Err(Missing::Service)
        }
    }
}

/// FNV-1a over `service.method`; a `const fn` so that each method has its key at compile time.
pub const fn key(service: &str, method: &str) -> u64 {
    let hash = fnv(0xcbf2_9ce4_8422_2325, service.as_bytes());
    fnv(fnv(hash, b"."), method.as_bytes())
}

const fn fnv(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::proptest;

    use super::{Bytes, Directory, MethodInfo, Missing, ServiceInfo, Table, TableError, key};

    fn sample() -> Table {
        let method = |name: &str, idempotent| MethodInfo { name: name.into(), idempotent };
        Table {
            services: vec![
                ServiceInfo { name: "user".into(), methods: vec![method("sign_up", false), method("profile", true)] },
                ServiceInfo { name: "empty".into(), methods: vec![] },
            ],
        }
    }

    #[test]
    fn a_table_comes_back_and_is_not_there_before_its_last_byte() {
        let wire = Bytes::from(sample().to_wire());
        assert_eq!(Table::from_wire(wire.clone()), Ok(sample()));
        for end in 0..wire.len() {
            assert_eq!(Table::from_wire(wire.slice(..end)), Err(TableError), "{end} bytes");
        }
    }

    #[test]
    fn the_table_is_the_one_that_the_protocol_page_shows() {
        let say = MethodInfo { name: "say".into(), idempotent: true };
        let table = Table { services: vec![ServiceInfo { name: "echo".into(), methods: vec![say] }] };
        assert_eq!(table.to_wire(), *b"\x01\x00\x04echo\x01\x00\x03say\x01");
    }

    #[test]
    fn an_unknown_service_is_not_an_unknown_method() {
        let directory = Directory::new(sample());
        let find = |service, method| directory.find(key(service, method), service, method);
        assert_eq!(find("user", "profile"), Ok((0, 1)));
        assert_eq!(find("user", "sign_out"), Err(Missing::Method));
        assert_eq!(find("empty", "profile"), Err(Missing::Method));
        assert_eq!(find("ledger", "profile"), Err(Missing::Service));
    }

    #[test]
    fn a_key_that_collides_finds_nothing_wrong() {
        let directory = Directory::new(sample());
        assert_eq!(directory.find(key("user", "profile"), "user", "other"), Err(Missing::Method));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_table_or_refused(input: Vec<u8>) {
            let _ = Table::from_wire(Bytes::from(input)).map(|table| table.services.len());
        }
    }
}
