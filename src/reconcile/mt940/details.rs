//! Field 86, what a line says: free text, `/EREF/...` of SWIFT's usage guidelines, or German banks' `?20`-subfields with their `EREF+`.

use super::super::item::cut;

/// What is found in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Details {
    pub references: Vec<String>,
    pub text: String,
}

/// Words of SEPA that begin a part of the purpose; the first three are references.
const WORDS: [&str; 10] = ["EREF+", "KREF+", "MREF+", "CRED+", "DEBT+", "SVWZ+", "ABWA+", "ABWE+", "COAM+", "OAMT+"];
/// Codes between slashes that are references.
const CODES: [&str; 4] = ["/EREF/", "/KREF/", "/PREF/", "/IREF/"];
const NOT_PROVIDED: &str = "NOTPROVIDED";

/// Reads the field.
pub fn read(value: &str) -> Details {
    let joined: String = value.chars().filter(|character| !matches!(character, '\n' | '\r')).collect();
    let is_structured = joined.get(..3).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit()))
        && joined.get(3..4) == Some("?");
    if is_structured {
        return by_words(&purpose(&joined[3..]));
    }
    let references = CODES.into_iter().filter_map(|code| {
        let (_, rest) = joined.split_once(code)?;
        Some(cut(rest[..next_code(rest)].trim_end_matches('/')))
    });
    Details { references: known(references), text: cut(&value.replace(['\n', '\r'], " ")) }
}

/// Where the next code between slashes begins, four capitals; a reference may have slashes of its own.
fn next_code(text: &str) -> usize {
    let is_code = |window: &[u8]| matches!(window, [b'/', name @ .., b'/'] if name.len() == 4 && name.iter().all(u8::is_ascii_uppercase));
    text.as_bytes().windows(6).position(is_code).unwrap_or(text.len())
}

/// The subfields 20 to 29 and 60 to 63, put together again: a word may be cut anywhere between two of them.
fn purpose(text: &str) -> String {
    let mut purpose = String::new();
    for part in text.split('?').skip(1) {
        let Some((code, rest)) = part.split_at_checked(2) else { continue };
        if code.parse::<u8>().is_ok_and(|code| matches!(code, 20..=29 | 60..=63)) {
            purpose.push_str(rest);
        }
    }
    purpose
}

fn by_words(purpose: &str) -> Details {
    let part = |word: &str| {
        let (_, rest) = purpose.split_once(word)?;
        let end = WORDS.iter().filter_map(|next| rest.find(next)).min().unwrap_or(rest.len());
        Some(cut(&rest[..end]))
    };
    let references = WORDS[..3].iter().filter_map(|word| part(word));
    Details { references: known(references), text: part("SVWZ+").unwrap_or_else(|| cut(purpose)) }
}

fn known(references: impl Iterator<Item = String>) -> Vec<String> {
    references.filter(|reference| !reference.is_empty() && reference != NOT_PROVIDED).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn references_are_found_in_whichever_way_they_are_written() {
        for (value, references, text) in [
            ("rent for\nMarch", &[][..], "rent for March"),
            ("/EREF/E-1/REMI/rent/", &["E-1"], "/EREF/E-1/REMI/rent/"),
            ("/EREF/INV/7/", &["INV/7"], "/EREF/INV/7/"),
            ("/EREF/NOTPROVIDED//KREF/K", &["K"], "/EREF/NOTPROVIDED//KREF/K"),
            ("166?00SEPA?20EREF+ABC-12\n?213SVWZ+Rent?22 March?30BANK?31DE1?60 2026", &["ABC-123"], "Rent March 2026"),
            ("116?20just text?21 of two", &[], "just text of two"),
            ("166?20EREF+E?21MREF+M?22SVWZ+", &["E", "M"], ""),
            ("16", &[], "16"),
            ("166?", &[], ""),
            ("\u{fc}\u{fc}?20", &[], "\u{fc}\u{fc}?20"),
        ] {
            let details = read(value);
            assert_eq!(
                (details.references, details.text.as_str()),
                (references.iter().map(|text| (*text).to_owned()).collect(), text),
                "{value}"
            );
        }
    }
}
