//! [`Method`] and [`service!`](crate::service): one declaration, from which come the typed client, the server's trait and
//! its part of the method table.

use crate::{codec::Message, table};

/// One method of one service, as a type.
pub trait Method: Send + Sync + 'static {
    /// The service's name in the table.
    const SERVICE: &'static str;
    /// The method's name within its service.
    const NAME: &'static str;
    /// Doing it twice is as good as once; only then is it retried after a connection was lost with the request sent.
    const IDEMPOTENT: bool;
    /// Hash of both names, computed once.
    const KEY: u64 = table::key(Self::SERVICE, Self::NAME);
    /// What the caller sends.
    type Request: Message + Send + Sync + 'static;
    /// What the handler answers.
    type Response: Message + Send + 'static;
}

/// What wants to know a method by its type when it has it by name, as tools do that have a message as text.
pub trait MethodVisitor {
    /// What comes of a visit.
    type Output;
    /// Visits the method `M`.
    fn visit<M: Method>(self) -> Self::Output;
}

/// Declares a service. One per module: the items it makes have fixed names.
///
/// ```
/// teller_rpc::service! {
///     /// Greets people.
///     pub service "greeter" {
///         /// Greets one.
///         idempotent fn greet(String) -> String;
///     }
/// }
///
/// struct Polite;
/// impl Service for Polite {
///     async fn greet(&self, _: teller_rpc::Context, name: String) -> Result<String, teller_rpc::Status> {
///         Ok(format!("good day, {name}"))
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let registry = teller_rpc::Registry::new().with(serve(Polite));
/// let client = Client::new(teller_rpc::Client::in_process(registry));
/// let answer = client.greet(&teller_rpc::Context::default(), &"Ada".to_string()).await;
/// assert_eq!(answer.unwrap(), "good day, Ada");
/// # }
/// ```
///
/// makes, in the module where it stands:
/// - `SERVICE`, the service's name,
/// - `trait Service`, one `async` method a declaration, for the server to implement,
/// - `struct Client`, a typed handle around a [`Client`](crate::Client),
/// - `mod method`, one type a declaration (named like its function) that implements [`Method`],
/// - `fn visit`, which finds a method's type by its name for a [`MethodVisitor`](crate::MethodVisitor),
/// - `fn serve`, which makes a handler an [`Entry`](crate::Entry) of a [`Registry`](crate::Registry), and
///   `fn serve_within`, which puts [layers](crate::layer) around it.
///
/// `idempotent` before `fn` says that the method may be run twice.
#[macro_export]
macro_rules! service {
    (
        $(#[$service_meta:meta])*
        $vis:vis service $service:literal {
            $(
                $(#[$meta:meta])*
                $(idempotent $mark:vis)? fn $name:ident($request:ty) -> $response:ty;
            )+
        }
    ) => {
        /// The service's name in the method table.
        $vis const SERVICE: &str = $service;

        $(#[$service_meta])*
        ///
        /// What a server implements; `async fn` will do.
        $vis trait Service: ::core::marker::Send + ::core::marker::Sync + 'static {
            $(
                $(#[$meta])*
                fn $name(
                    &self,
                    cx: $crate::Context,
                    request: $request,
                ) -> impl ::core::future::Future<
                    Output = ::core::result::Result<$response, $crate::Status>,
                > + ::core::marker::Send;
            )+
        }

        $(#[$service_meta])*
        ///
        /// What a caller holds: cheap to clone.
        #[derive(Clone, Debug)]
        $vis struct Client($crate::Client);

        impl Client {
            /// Calls this service through `client`.
            pub fn new(client: $crate::Client) -> Self {
                Self(client)
            }

            $(
                $(#[$meta])*
                ///
                /// Ends by the deadline of `cx`; dropping the future cancels the call.
                pub async fn $name(
                    &self,
                    cx: &$crate::Context,
                    request: &$request,
                ) -> ::core::result::Result<$response, $crate::CallError> {
                    self.0.call::<method::$name>(cx, request).await
                }
            )+
        }

        /// One type per method.
        #[allow(non_camel_case_types)]
        $vis mod method {
            $(
                $(#[$meta])*
                #[derive(Clone, Copy, Debug)]
                pub struct $name;
            )+
        }

        $(
            impl $crate::Method for method::$name {
                const SERVICE: &'static str = $service;
                const NAME: &'static str = ::core::stringify!($name);
                const IDEMPOTENT: bool = !::core::stringify!($($mark idempotent)?).is_empty();
                type Request = $request;
                type Response = $response;
            }
        )+

        /// Brings `visitor` to the method of this name; `None` if there is none.
        $vis fn visit<V: $crate::MethodVisitor>(name: &str, visitor: V) -> ::core::option::Option<V::Output> {
            match name {
                $(::core::stringify!($name) => ::core::option::Option::Some(visitor.visit::<method::$name>()),)+
                _ => ::core::option::Option::None,
            }
        }

        /// Makes `handler` an entry of a server's registry.
        $vis fn serve<S: Service>(handler: S) -> $crate::Entry {
            serve_within((), handler)
        }

        /// The same, with `layers` around each call.
        $vis fn serve_within<L: $crate::layer::Layer, S: Service>(layers: L, handler: S) -> $crate::Entry {
            let handler = ::std::sync::Arc::new(handler);
            $crate::Entry::new($service, layers)$(
                .method::<method::$name, _, _, _>(&handler, |handler, cx, request| async move {
                    handler.$name(cx, request).await
                })
            )+
            .finish()
        }
    };
}
