//! The whole surface of the front end, as one table, and the way from a path to its handler.

use hyper::Method;

use super::figures::Figures;
use super::front::Call;
use super::reply::{Reply, Surface, Trouble};
use super::{
    account, audit, batch, conversion, deduct, entrytask, health, matching, openapi, page, password, payment, person,
    picture, problem, reconciliation, refund, session, token, transfer, wallet, webhook,
};

/// Every route but the pages, which are added from the files under `web/`.
///
/// `Read` is GET and HEAD, `Change` is POST, `Amend` is PATCH, `End` is DELETE, `Replace` is PUT; what changes something is not taken from another site's page (see [`super::origin`]).
#[rustfmt::skip]
const ROUTES: &[(&str, Methods, Body, Surface, Handler)] = &[
    ("/api/entrytask/user/signup",             Methods::Change,       Body::Fields, Surface::EntryTask, Handler::SignUp),
    ("/api/entrytask/user/signin",             Methods::Change,       Body::Fields, Surface::EntryTask, Handler::SignIn),
    ("/api/entrytask/user/signout",            Methods::ChangeByLink, Body::None,   Surface::EntryTask, Handler::SignOut),
    ("/api/entrytask/user/get_user_info",      Methods::Read,         Body::None,   Surface::EntryTask, Handler::GetUserInfo),
    ("/api/entrytask/user/update_profile_pic", Methods::Change,       Body::Upload, Surface::EntryTask, Handler::UpdateProfilePic),
    ("/api/entrytask/user/update_nickname",    Methods::Change,       Body::Fields, Surface::EntryTask, Handler::UpdateNickname),
    ("/pictures/{name}",                       Methods::Read,         Body::None,   Surface::Plain,     Handler::Picture),
    ("/v1/users",                              Methods::Change,       Body::Fields, Surface::Plain,     Handler::Register),
    ("/v1/users/login",                        Methods::Change,       Body::Fields, Surface::Plain,     Handler::LogIn),
    ("/v1/users/me",                           Methods::Read,         Body::None,   Surface::Plain,     Handler::Me),
    ("/v1/tokens/renew_access",                Methods::Change,       Body::Fields, Surface::Plain,     Handler::Renew),
    ("/v1/password",                           Methods::Replace,      Body::Fields, Surface::Plain,     Handler::Password),
    ("/v1/sessions",                           Methods::ReadOrEnd,    Body::None,   Surface::Plain,     Handler::Sessions),
    ("/v1/sessions/{id}",                      Methods::ReadOrEnd,    Body::None,   Surface::Plain,     Handler::Session),
    ("/v1/accounts",                           Methods::ReadOrChange, Body::Fields, Surface::Plain,     Handler::Accounts),
    ("/v1/accounts/{id}",                      Methods::ReadOrAmend,  Body::Fields, Surface::Plain,     Handler::Account),
    ("/v1/accounts/{id}/entries",              Methods::Read,         Body::None,   Surface::Plain,     Handler::Entries),
    ("/v1/accounts/{id}/balance",              Methods::Read,         Body::None,   Surface::Plain,     Handler::Balance),
    ("/v1/accounts/{id}/statement",            Methods::Read,         Body::None,   Surface::Plain,     Handler::AccountStatement),
    ("/v1/accounts/{id}/statement.csv",        Methods::Read,         Body::None,   Surface::Plain,     Handler::AccountStatementCsv),
    ("/v1/accounts/{id}/deposits",             Methods::Change,       Body::Fields, Surface::Plain,     Handler::Deposit),
    ("/v1/accounts/{id}/withdrawals",          Methods::Change,       Body::Fields, Surface::Plain,     Handler::Withdraw),
    ("/v1/accounts/{id}/statements",           Methods::ReadOrChange, Body::Statement, Surface::Plain,  Handler::Statements),
    ("/v1/accounts/{id}/statement-mapping",    Methods::ReadOrReplace, Body::Fields, Surface::Plain,    Handler::StatementMapping),
    ("/v1/statements/{id}",                    Methods::Read,         Body::None,   Surface::Plain,     Handler::Statement),
    ("/v1/statements/{id}/lines",              Methods::Read,         Body::None,   Surface::Plain,     Handler::StatementLines),
    ("/v1/statements/{id}/lines.csv",          Methods::Read,         Body::None,   Surface::Plain,     Handler::StatementExport),
    ("/v1/statements/{id}/lines/{place}/resolve", Methods::Change,    Body::Fields, Surface::Plain,     Handler::ResolveLine),
    ("/v1/transfers",                          Methods::Change,       Body::Fields, Surface::Plain,     Handler::PostTransfer),
    ("/v1/transfers/batch",                    Methods::Change,       Body::Batch,  Surface::Plain,     Handler::PostBatch),
    ("/v1/transfers/{id}",                     Methods::Read,         Body::None,   Surface::Plain,     Handler::Transfer),
    ("/v1/transfers/{id}/post",                Methods::Change,       Body::Fields, Surface::Plain,     Handler::PostPending),
    ("/v1/transfers/{id}/void",                Methods::Change,       Body::Fields, Surface::Plain,     Handler::VoidPending),
    ("/v1/payments/{id}",                      Methods::Read,         Body::None,   Surface::Plain,     Handler::Payment),
    ("/v1/payments/{id}/refunds",              Methods::ReadOrChange, Body::Fields, Surface::Plain,     Handler::Refunds),
    ("/v1/house",                              Methods::Read,         Body::None,   Surface::Plain,     Handler::House),
    ("/v1/rates",                              Methods::Read,         Body::None,   Surface::Plain,     Handler::Rates),
    ("/v1/rates/{from}/{to}",                  Methods::Replace,      Body::Fields, Surface::Plain,     Handler::Rate),
    ("/v1/quotes",                             Methods::Change,       Body::Fields, Surface::Plain,     Handler::Quote),
    ("/v1/conversions",                        Methods::Change,       Body::Fields, Surface::Plain,     Handler::Convert),
    ("/v1/audit",                              Methods::Read,         Body::None,   Surface::Plain,     Handler::Audit),
    ("/v1/webhooks",                           Methods::ReadOrChange, Body::Fields, Surface::Plain,     Handler::Webhooks),
    ("/v1/webhooks/{id}",                      Methods::ReadAmendOrEnd, Body::Fields, Surface::Plain,   Handler::Webhook),
    ("/v1/webhooks/{id}/deliveries",           Methods::Read,         Body::None,   Surface::Plain,     Handler::WebhookDeliveries),
    ("/v1/webhooks/{id}/dead_letters",         Methods::Read,         Body::None,   Surface::Plain,     Handler::WebhookDeadLetters),
    ("/v1/webhooks/{id}/replay",               Methods::Change,       Body::Fields, Surface::Plain,     Handler::WebhookReplay),
    ("/v1/webhooks/{id}/secret",               Methods::Change,       Body::Fields, Surface::Plain,     Handler::WebhookSecret),
    ("/v1/webhooks/{id}/test",                 Methods::Change,       Body::Fields, Surface::Plain,     Handler::WebhookTest),
    ("/deduct",                                Methods::Change,       Body::Fields, Surface::Deduct,    Handler::Deduct),
    ("/payment",                               Methods::Change,       Body::Fields, Surface::Payment,   Handler::Pay),
    ("/payment/token",                         Methods::Change,       Body::Fields, Surface::Payment,   Handler::PaymentToken),
    ("/payment/status",                        Methods::Read,         Body::None,   Surface::Payment,   Handler::PaymentStatus),
    ("/payment/records",                       Methods::Read,         Body::None,   Surface::Payment,   Handler::PaymentRecords),
    ("/api/wallets",                           Methods::ReadOrChange, Body::Fields, Surface::Wallet(""), Handler::Wallets),
    ("/api/wallets/{id}",                      Methods::Read,         Body::None,   Surface::Wallet(""), Handler::Wallet),
    ("/api/wallets/{id}/deposit",              Methods::Change,       Body::Fields, Surface::Wallet("deposit"), Handler::WalletDeposit),
    ("/api/wallets/{id}/withdraw",             Methods::Change,       Body::Fields, Surface::Wallet("withdrawal"), Handler::WalletWithdraw),
    ("/api/wallets/{id}/transactions",         Methods::Read,         Body::None,   Surface::Wallet(""), Handler::WalletTransactions),
    ("/api/wallets/{id}/reconcile",            Methods::Change,       Body::Fields, Surface::Wallet(""), Handler::WalletReconcile),
    ("/api/wallets/{id}/reconciliations",      Methods::Read,         Body::None,   Surface::Wallet(""), Handler::WalletReconciliations),
    ("/v1/reconciliations",                    Methods::Change,       Body::Batch,  Surface::Plain,     Handler::Reconciliations),
    ("/problems/{name}",                       Methods::Read,         Body::None,   Surface::Plain,     Handler::Problem),
    ("/livez",                                 Methods::Read,         Body::None,   Surface::Plain,     Handler::Live),
    ("/readyz",                                Methods::Read,         Body::None,   Surface::Plain,     Handler::Ready),
    ("/health",                                Methods::Read,         Body::None,   Surface::Plain,     Handler::Health),
    ("/metrics",                               Methods::Read,         Body::None,   Surface::Plain,     Handler::Metrics),
    ("/openapi.json",                          Methods::Read,         Body::None,   Surface::Plain,     Handler::Describe),
];

/// The rows of the table, for whoever tells of them; a route's name is its path.
pub(super) fn rows() -> impl Iterator<Item = Route> {
    ROUTES.iter().map(|(path, methods, body, surface, handler)| Route::new(path, *methods, *body, *surface, *handler))
}

/// Where the pages are counted: they are many, and one is as interesting as another.
const PAGES: &str = "page";

/// Which methods a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Methods {
    /// GET and HEAD.
    Read,
    /// POST.
    Change,
    /// POST, and GET for a plain link.
    ChangeByLink,
    /// GET and HEAD for what is there, POST for one more.
    ReadOrChange,
    /// GET and HEAD for what is there, PATCH to change it.
    ReadOrAmend,
    /// GET and HEAD for what is there, DELETE to end it.
    ReadOrEnd,
    /// GET and HEAD for what is there, PATCH to change it, DELETE to end it.
    ReadAmendOrEnd,
    /// GET and HEAD for what is there, PUT to put another in its place.
    ReadOrReplace,
    /// PUT.
    Replace,
}

/// What a route reads of a request's body, and so how long that may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Nothing.
    None,
    /// Fields: at most `http.max_body_bytes`.
    Fields,
    /// Many transfers or balances: at most `http.max_batch_bytes`.
    Batch,
    /// A picture: at most `picture.max_upload_bytes`.
    Upload,
    /// A statement: at most `reconcile.max_statement_bytes`.
    Statement,
}

impl Body {
    /// What it may be sent as.
    pub(super) const fn media_types(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Fields => "application/json or application/x-www-form-urlencoded",
            Self::Batch => "application/json",
            Self::Upload => "multipart/form-data",
            Self::Statement => matching::MEDIA_TYPES,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handler {
    SignUp,
    SignIn,
    SignOut,
    GetUserInfo,
    UpdateProfilePic,
    UpdateNickname,
    Picture,
    Register,
    LogIn,
    Me,
    Renew,
    Password,
    Sessions,
    Session,
    Accounts,
    Account,
    Entries,
    Balance,
    AccountStatement,
    AccountStatementCsv,
    Deposit,
    Withdraw,
    PostTransfer,
    PostBatch,
    Statements,
    StatementMapping,
    Statement,
    StatementLines,
    StatementExport,
    ResolveLine,
    Transfer,
    PostPending,
    VoidPending,
    Payment,
    Refunds,
    House,
    Rates,
    Rate,
    Quote,
    Convert,
    Audit,
    Webhooks,
    Webhook,
    WebhookDeliveries,
    WebhookDeadLetters,
    WebhookReplay,
    WebhookSecret,
    WebhookTest,
    Deduct,
    Pay,
    PaymentToken,
    PaymentStatus,
    PaymentRecords,
    Wallets,
    Wallet,
    WalletDeposit,
    WalletWithdraw,
    WalletTransactions,
    WalletReconcile,
    WalletReconciliations,
    Reconciliations,
    Problem,
    Live,
    Ready,
    Health,
    Metrics,
    Describe,
    Page,
}

/// One row of the table, at work.
#[derive(Debug)]
pub(super) struct Route {
    methods: Methods,
    handler: Handler,
    /// What it reads of a body.
    pub(super) body: Body,
    /// Whom it speaks to.
    pub(super) surface: Surface,
    /// Its figures.
    pub(super) figures: Figures,
    /// Its name in figures and logs.
    pub(super) name: &'static str,
}

/// All routes.
#[derive(Debug)]
pub(super) struct Router {
    routes: matchit::Router<Route>,
    /// What is answered where there is none, under the entry task's paths and elsewhere.
    unknown: [Route; 2],
}

impl Router {
    /// The table and the pages.
    pub(super) fn new() -> Self {
        let mut routes = matchit::Router::new();
        for route in rows() {
            routes.insert(route.name, route).expect("no two rows have the same path");
        }
        for path in page::paths() {
            let route = Route::new(PAGES, Methods::Read, Body::None, Surface::Plain, Handler::Page);
            routes.insert(path, route).expect("no file under web/ has the path of a row");
        }
        let unknown = |surface| Route::new("unknown", Methods::Read, Body::None, surface, Handler::Page);
        Self { routes, unknown: [unknown(Surface::EntryTask), unknown(Surface::Plain)] }
    }

    /// The route of `path`, or else what stands for having none.
    pub(super) fn find(&self, path: &str) -> Result<&Route, &Route> {
        match self.routes.at(path) {
            Ok(found) => Ok(found.value),
            Err(_) => Err(&self.unknown[usize::from(!path.starts_with("/api/entrytask/"))]),
        }
    }
}

impl Route {
    fn new(name: &'static str, methods: Methods, body: Body, surface: Surface, handler: Handler) -> Self {
        Self { methods, handler, body, surface, figures: Figures::of(name), name }
    }

    /// The value of `Allow`.
    pub(super) const fn allow(&self) -> &'static str {
        match self.methods {
            Methods::Read => "GET, HEAD, OPTIONS",
            Methods::Change => "POST, OPTIONS",
            Methods::ChangeByLink => "GET, POST, OPTIONS",
            Methods::ReadOrChange => "GET, HEAD, POST, OPTIONS",
            Methods::ReadOrAmend => "GET, HEAD, PATCH, OPTIONS",
            Methods::ReadOrEnd => "GET, HEAD, DELETE, OPTIONS",
            Methods::ReadAmendOrEnd => "GET, HEAD, PATCH, DELETE, OPTIONS",
            Methods::ReadOrReplace => "GET, HEAD, PUT, OPTIONS",
            Methods::Replace => "PUT, OPTIONS",
        }
    }

    /// Whether it takes `method`.
    pub(super) fn takes(&self, method: &Method) -> bool {
        let reads = method == Method::GET || method == Method::HEAD;
        match self.methods {
            Methods::Read => reads,
            Methods::Change => method == Method::POST,
            Methods::ChangeByLink => method == Method::GET || method == Method::POST,
            Methods::ReadOrChange => reads || method == Method::POST,
            Methods::ReadOrAmend => reads || method == Method::PATCH,
            Methods::ReadOrEnd => reads || method == Method::DELETE,
            Methods::ReadAmendOrEnd => reads || method == Method::PATCH || method == Method::DELETE,
            Methods::ReadOrReplace => reads || method == Method::PUT,
            Methods::Replace => method == Method::PUT,
        }
    }

    /// Whether `method` changes something here.
    pub(super) fn changes(&self, method: &Method) -> bool {
        let reads = method == Method::GET || method == Method::HEAD;
        self.methods == Methods::ChangeByLink || !reads
    }

    /// Runs the handler. One match, so that a call is one future without a box; the upload's is large and rare, and has one.
    pub(super) async fn run(&self, call: &mut Call<'_>) -> Result<Reply, Trouble> {
        match self.handler {
            Handler::SignUp => entrytask::sign_up(call).await,
            Handler::SignIn => entrytask::sign_in(call).await,
            Handler::SignOut => entrytask::sign_out(call).await,
            Handler::GetUserInfo => entrytask::get_user_info(call).await,
            Handler::UpdateProfilePic => Box::pin(entrytask::update_profile_pic(call)).await,
            Handler::UpdateNickname => entrytask::update_nickname(call).await,
            Handler::Picture => picture::show(call).await,
            Handler::Register => person::register(call).await,
            Handler::LogIn => token::log_in(call).await,
            Handler::Me => person::me(call).await,
            Handler::Renew => token::renew(call).await,
            Handler::Password => password::put(call).await,
            Handler::Sessions => session::collection(call).await,
            Handler::Session => session::one(call).await,
            Handler::Accounts => account::collection(call).await,
            Handler::Account => account::one(call).await,
            Handler::Entries => account::entries(call).await,
            Handler::Balance => account::balance(call).await,
            Handler::AccountStatement => account::statement::json(call).await,
            Handler::AccountStatementCsv => account::statement::csv(call).await,
            Handler::Deposit => transfer::deposit(call).await,
            Handler::Withdraw => transfer::withdraw(call).await,
            Handler::PostTransfer => transfer::post(call).await,
            Handler::PostBatch => Box::pin(batch::post(call)).await,
            Handler::Statements => Box::pin(matching::collection(call)).await,
            Handler::StatementMapping => matching::mapping(call).await,
            Handler::Statement => matching::one(call).await,
            Handler::StatementLines => matching::lines(call).await,
            Handler::StatementExport => matching::export(call).await,
            Handler::ResolveLine => matching::resolve(call).await,
            Handler::Transfer => transfer::get(call).await,
            Handler::PostPending => transfer::post_pending(call).await,
            Handler::VoidPending => transfer::void_pending(call).await,
            Handler::Payment => refund::payment(call).await,
            Handler::Refunds => refund::collection(call).await,
            Handler::House => conversion::house(call).await,
            Handler::Rates => conversion::rates(call).await,
            Handler::Rate => conversion::set_rate(call).await,
            Handler::Quote => conversion::quote(call).await,
            Handler::Convert => conversion::convert(call).await,
            Handler::Audit => audit::list(call).await,
            Handler::Webhooks => webhook::collection(call).await,
            Handler::Webhook => webhook::one(call).await,
            Handler::WebhookDeliveries => webhook::deliveries(call).await,
            Handler::WebhookDeadLetters => webhook::dead_letters(call).await,
            Handler::WebhookReplay => webhook::replay(call).await,
            Handler::WebhookSecret => webhook::renew(call).await,
            Handler::WebhookTest => webhook::ping(call).await,
            Handler::Deduct => deduct::post(call).await,
            Handler::Pay => payment::pay(call).await,
            Handler::PaymentToken => payment::token(call).await,
            Handler::PaymentStatus => payment::status(call).await,
            Handler::PaymentRecords => payment::records(call).await,
            Handler::Wallets => wallet::collection(call).await,
            Handler::Wallet => wallet::one(call).await,
            Handler::WalletDeposit => wallet::deposit(call).await,
            Handler::WalletWithdraw => wallet::withdraw(call).await,
            Handler::WalletTransactions => wallet::transactions(call).await,
            Handler::WalletReconcile => wallet::reconcile(call).await,
            Handler::WalletReconciliations => wallet::reconciliations(call).await,
            Handler::Reconciliations => Box::pin(reconciliation::post(call)).await,
            Handler::Problem => problem::show(call),
            Handler::Live => Ok(health::live()),
            Handler::Ready => health::ready(call).await,
            Handler::Health => Ok(health::health()),
            Handler::Metrics => Ok(health::metrics(call)),
            Handler::Describe => Ok(openapi::show(call)),
            Handler::Page => page::show(call),
        }
    }
}
