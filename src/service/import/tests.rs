//! Lines right and wrong, and users who are imported and sign in.

use std::time::Duration;

use super::line::Lines;
use super::{Imported, Told, users};
use crate::domain::user::Password;
use crate::service::cpu::Cpu;
use crate::service::password::{Hasher, Scheme};
use crate::service::system_clock;
use crate::store::Store;
use crate::store::sqlite::Sqlite;

/// `teller-demo` under the salt `aB3x`.
const DIGEST: &str = "7f0ed6c7067d6ac49262d265286bb522";

/// What is wrong with a file of one line.
fn wrong_with(line: &[u8]) -> Option<String> {
    let (read, bytes) = Lines::new(line).some(10).expect("bytes can be read");
    assert_eq!((read.len(), bytes), (1, line.len() as u64), "{line:?}");
    read[0].1.as_ref().err().map(ToString::to_string)
}

#[test]
fn a_line_is_a_user_or_is_told_what_is_wrong_with_it() {
    let long = "x".repeat(65);
    let endless = "x".repeat(5000);
    let cases = [
        (format!("alice,Ali,{DIGEST},aB3x,/pic/1.png"), None),
        (format!("\"al,ice\",\"A \"\"B\"\"\",{},aB3x,\r\n", DIGEST.to_uppercase()), None),
        (format!("ali,,{DIGEST},säl$,"), None),
        (format!("alice,Ali,{DIGEST},aB3x"), Some("line: must have 5 columns")),
        (format!("alice,Ali,{DIGEST},aB3x,,"), Some("line: must have 5 columns")),
        (format!("alice,\"Ali,{DIGEST},aB3x,"), Some("line: must have 5 columns")),
        (format!(",Ali,{DIGEST},aB3x,"), Some("username: must be 1 to 64 bytes")),
        (format!("{long},Ali,{DIGEST},aB3x,"), Some("username: must be 1 to 64 bytes")),
        (format!("al\u{200b}ice,Ali,{DIGEST},aB3x,"), Some("username: must not contain invisible characters")),
        (format!("alice,A\tli,{DIGEST},aB3x,"), Some("nickname: must not contain control characters")),
        (format!("alice,{},{DIGEST},aB3x,", &long[..33]), Some("nickname: must be at most 32 characters")),
        ("alice,Ali,secret,aB3x,".to_owned(), Some("password: must be 32 hex digits")),
        (format!("alice,Ali,{DIGEST},,"), Some("salt: must be 1 to 32 bytes")),
        (format!("alice,{endless},{DIGEST},aB3x,\n"), Some("line: must be at most 4096 bytes")),
    ];
    for (line, expected) in cases {
        assert_eq!(wrong_with(line.as_bytes()).as_deref(), expected, "{line}");
    }
    assert_eq!(wrong_with(b"al\xffice,,,,").as_deref(), Some("line: must be one CSV record in UTF-8"));
}

#[test]
fn lines_keep_their_numbers_and_the_names_of_columns_are_none() {
    let file = format!(
        "\u{feff}username,nickname,password,salt,profile_path\r\n\na,,{DIGEST},s,\n{}\nb,,{DIGEST},s,",
        "x".repeat(9000)
    );
    let mut lines = Lines::new(file.as_bytes());
    let mut seen = Vec::new();
    let mut length = 0;
    loop {
        let (read, bytes) = lines.some(2).expect("bytes can be read");
        seen.extend(read.into_iter().map(|(number, line)| (number, line.map(|user| user.user_name).ok())));
        length += bytes;
        if bytes == 0 {
            break;
        }
    }
    assert_eq!(seen, [(3, Some("a".to_owned())), (4, None), (5, Some("b".to_owned()))]);
    assert_eq!(length, file.len() as u64);
}

#[tokio::test]
async fn the_imported_sign_in_and_nothing_weaker_than_argon2id_is_stored() {
    let store = Sqlite::memory(Duration::from_secs(60)).expect("opens");
    store.migrate().await.expect("migrates");
    let scheme = Scheme::Argon2id { memory_kib: 64, passes: 1, lanes: 1 };
    let hasher = Hasher::new(scheme, Cpu::new(2, 2)).expect("good parameters");
    let mut file: String = (0..250).map(|number| format!("user{number},,{DIGEST},aB3x,\n")).collect();
    file.push_str(&format!("user7,again,{DIGEST},aB3x,\nbroken\n"));
    for (made, there) in [(250, 1), (0, 251)] {
        let (mut bytes, mut refused) = (0, Vec::new());
        let told = |told| match told {
            Told::Bytes(more) => bytes += more,
            Told::Refused(number, broken) => refused.push((number, broken.to_string())),
        };
        let imported = users(&store, &hasher, system_clock, 2, file.as_bytes(), told).await.expect("imported");
        assert_eq!(imported, Imported { made, there, refused: 1 });
        assert_eq!((bytes, refused), (file.len() as u64, vec![(252, "line: must have 5 columns".to_owned())]));
    }
    for number in [0, 7, 249] {
        let known = store.credentials(&format!("user{number}")).await.expect("a store").expect("imported");
        assert!(known.password_hash.starts_with("$md5-salted+argon2id$"), "{}", known.password_hash);
        assert!(!known.password_hash.contains(DIGEST));
        let right = Password::parse("teller-demo").expect("a password");
        assert_eq!(hasher.verify(right, known.password_hash).await, Ok(true));
    }
}
