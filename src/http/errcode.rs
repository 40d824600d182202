//! The entry task's codes, as its contract has them.

macro_rules! codes {
    ($($digit:literal $name:ident $text:literal),* $(,)?) => {
        /// The entry task's codes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Code { $(#[doc = $text] $name = $digit),* }

        impl Code {
            /// As many as there are.
            pub(super) const COUNT: usize = [$($digit),*].len();

            /// `errCode`.
            pub(super) const fn digit(self) -> &'static str {
                match self { $(Self::$name => stringify!($digit)),* }
            }

            /// The whole answer of a code that comes without data.
            pub(super) const fn envelope(self) -> &'static str {
                match self { $(Self::$name => concat!(r#"{"errCode":""#, $digit, r#"","errMsg":""#, $text, r#"","data":""}"#)),* }
            }
        }
    };
}

codes! {
    0 Server "ServerError",
    1 DataBase "DataBaseError",
    2 InvalidSession "InvalidSessionError",
    3 UserExisted "UserExistedError",
    4 UserNotExist "UserNotExistError",
    5 Password "PasswordError",
    6 InvalidParams "InvalidParamsError",
    7 Success "success",
}

#[cfg(test)]
mod tests {
    use super::Code;

    #[test]
    fn an_envelope_without_data_is_json_to_the_letter() {
        let expected = r#"{"errCode":"2","errMsg":"InvalidSessionError","data":""}"#;
        assert_eq!(Code::InvalidSession.envelope(), expected);
        assert_eq!((Code::Success.digit(), Code::COUNT), ("7", 8));
    }
}
