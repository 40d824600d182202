//! A private authority, and what it issues.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// How long an authority is good for.
const YEARS: i32 = 10;

/// What a certificate is good for.
#[derive(Clone, Copy)]
pub(super) enum Use {
    /// To be dialled.
    Server,
    /// To dial.
    Client,
    /// Both: `teller serve` speaks to itself.
    ServerAndClient,
}

/// A certificate and its key, as PEM.
pub(super) struct Issued {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// An authority: its key, from which all else about it follows but its dates.
pub(super) struct Authority(KeyPair);

impl Authority {
    pub(super) fn new() -> Result<Self, Error> {
        KeyPair::generate().map(Self)
    }

    /// The one whose key is this PEM text.
    pub(super) fn of_key(pem: &str) -> Result<Self, Error> {
        KeyPair::from_pem(pem).map(Self)
    }

    pub(super) fn key(&self) -> String {
        self.0.serialize_pem()
    }

    /// Its own certificate, good from today on.
    pub(super) fn certificate(&self) -> Result<String, Error> {
        let mut params = self.params()?;
        lasts(&mut params, 366 * YEARS);
        Ok(params.self_signed(&self.0)?.pem())
    }

    /// A certificate for `owner`, who is reached by `names`.
    pub(super) fn issue(&self, owner: &str, names: &[String], usage: Use, days: u16) -> Result<Issued, Error> {
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, format!("teller {owner}"));
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = usage.purposes();
        params.use_authority_key_identifier_extension = true;
        lasts(&mut params, i32::from(days));
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &Issuer::new(self.params()?, &self.0))?.pem();
        Ok(Issued { certificate, key: key.serialize_pem() })
    }

    fn params(&self) -> Result<CertificateParams, Error> {
        let mut params = CertificateParams::new([])?;
        // A name of its own, or of two authorities a browser would take the one for the other.
        let key: String = params.key_identifier(&self.0).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        params.distinguished_name.push(DnType::CommonName, format!("teller development authority {key}"));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params)
    }
}

impl Use {
    fn purposes(self) -> Vec<ExtendedKeyUsagePurpose> {
        use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
        match self {
            Self::Server => vec![ServerAuth],
            Self::Client => vec![ClientAuth],
            Self::ServerAndClient => vec![ServerAuth, ClientAuth],
        }
    }
}

/// From yesterday on, because clocks differ.
fn lasts(params: &mut CertificateParams, days: i32) {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let moment = |date: Date| date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs());
    params.not_before = moment(today.saturating_sub(1.days()));
    params.not_after = moment(today.saturating_add((days + 1).days()));
}
