//! [`Registry`]: the services of a server. [`Entry`] is one of them; `service!` makes it from a handler.

use std::{fmt, sync::Arc};

use super::{dispatch::Incoming, layer::Layer};
use crate::{
    context::Context,
    service::Method,
    status::Status,
    table::{MAX_TABLE_BYTES, MethodInfo, Missing, Numbers, ServiceInfo, Table},
};

type Start = Box<dyn Fn(Incoming) + Send + Sync>;

/// One service with its handler, and with what stands around it.
pub struct Entry<L = ()> {
    info: ServiceInfo,
    methods: Vec<Start>,
    layers: L,
}

impl<L: Layer> Entry<L> {
    /// A service without methods, within `layers`; `service!` adds the methods.
    pub fn new(name: &str, layers: L) -> Self {
        Self { info: ServiceInfo { name: name.into(), methods: vec![] }, methods: vec![], layers }
    }

    /// Adds the method `M`, served by `handler` on `state`.
    #[must_use]
    pub fn method<M, S, F, Fut>(mut self, state: &Arc<S>, handler: F) -> Self
    where
        M: Method,
        S: Send + Sync + 'static,
        F: Fn(Arc<S>, Context, M::Request) -> Fut + Copy + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Response, Status>> + Send,
    {
        let (layers, state) = (self.layers.clone(), Arc::clone(state));
        self.info.methods.push(MethodInfo { name: M::NAME.into(), idempotent: M::IDEMPOTENT });
        self.methods.push(Box::new(move |incoming| {
            incoming.spawn::<M, L, S, F, Fut>(layers.clone(), Arc::clone(&state), handler);
        }));
        self
    }

    /// The finished service, whatever stands around it.
    pub fn finish(self) -> Entry {
        Entry { info: self.info, methods: self.methods, layers: () }
    }
}

/// What a server serves. The order of registration numbers the services on the wire.
#[derive(Default)]
pub struct Registry {
    entries: Vec<Entry>,
}

impl Registry {
    /// No services.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a service.
    ///
    /// # Panics
    /// If a service of this name is there already, a name is over 255 bytes, or the method table would be over 64 KiB:
    /// mistakes of the program, found when it starts.
    #[must_use]
    pub fn with(mut self, entry: Entry) -> Self {
        let name = &entry.info.name;
        assert!(self.entries.iter().all(|known| known.info.name != *name), "service {name} is registered twice");
        let methods = entry.info.methods.iter().map(|method| &method.name);
        assert!(methods.chain([name]).all(|name| name.len() <= 255), "a name in service {name} is over 255 bytes");
        self.entries.push(entry);
        assert!(self.table().to_wire().len() <= MAX_TABLE_BYTES, "the method table is over {MAX_TABLE_BYTES} bytes");
        self
    }

    /// The services and methods, as clients are told.
    pub fn table(&self) -> Table {
        Table { services: self.entries.iter().map(|entry| entry.info.clone()).collect() }
    }

    /// What starts requests of a method.
    pub(crate) fn find(&self, (service, method): Numbers) -> Result<&(dyn Fn(Incoming) + Send + Sync), Missing> {
        let entry = self.entries.get(usize::from(service)).ok_or(Missing::Service)?;
        entry.methods.get(usize::from(method)).map(|start| &**start).ok_or(Missing::Method)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| &entry.info)).finish()
    }
}
