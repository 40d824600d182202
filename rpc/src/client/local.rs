//! [`Local`]: calls to a registry in the same process, through the same bytes, tasks and rules as over a connection.

use bytes::Bytes;
use tokio::{
    sync::oneshot,
    time::{Instant, timeout_at},
};

use super::call;
use crate::{
    cancellation::Cancellation,
    codec::Message,
    context::Context,
    server::{Incoming, Outcome, Registry, Reply},
    service::Method,
    status::{CallError, Executed},
    table::{Directory, Missing, Numbers, Table},
};

pub(super) struct Local {
    registry: Registry,
    directory: Directory,
}

/// Takes the call back when its caller goes away; after the answer that means nothing.
struct FireOnDrop(Cancellation);

impl Drop for FireOnDrop {
    fn drop(&mut self) {
        self.0.fire();
    }
}

impl Local {
    pub(super) fn new(registry: Registry) -> Self {
        let directory = Directory::new(registry.table());
        Self { registry, directory }
    }

    pub(super) fn table(&self) -> &Table {
        self.directory.table()
    }

    pub(super) async fn call<M: Method>(
        &self,
        context: &Context,
        request: &M::Request,
    ) -> Result<M::Response, CallError> {
        let numbers = self.directory.find(M::KEY, M::SERVICE, M::NAME).map_err(|missing| match missing {
            Missing::Service => CallError::UnknownService(M::SERVICE),
            Missing::Method => CallError::UnknownMethod { service: M::SERVICE, method: M::NAME },
        })?;
        let mut payload = vec![];
        request.encode(&mut payload).map_err(CallError::Encode)?;
        let payload = self.run(numbers, context, payload.into()).await?;
        call::decode(&payload)
    }

    fn start(&self, numbers: Numbers, incoming: Incoming) -> Result<(), CallError> {
        match self.registry.find(numbers) {
            Ok(start) => start(incoming),
            Err(_) => return Err(CallError::Unavailable("the registry has changed".into())),
        }
        Ok(())
    }

    async fn run(&self, numbers: Numbers, context: &Context, payload: Bytes) -> Result<Bytes, CallError> {
        let taken_back = FireOnDrop(Cancellation::default());
        let received = Context::received(
            Instant::now(),
            context.timeout_ms(),
            context.trace().copied(),
            context.is_retry(),
            taken_back.0.clone(),
        );
        let (reply, answer) = oneshot::channel();
        let incoming = Incoming::new(received, payload, Reply::local(reply));
        self.start(numbers, incoming)?;
        match timeout_at(context.deadline(), answer).await {
            Ok(Ok(Outcome::Response(payload))) => Ok(payload),
            Ok(Ok(Outcome::Status { status, executed })) => Err(call::failure(status, executed)),
            Ok(Err(_)) => {
                Err(CallError::Lost { reason: "the handler's runtime ended".into(), executed: Executed::Unknown })
            }
            Err(_) => Err(CallError::DeadlineExceeded { executed: Executed::Unknown }),
        }
    }
}
