//! What a client may say on `/ws/data`: `{"subscribe": [...]}` and `{"unsubscribe": [...]}`.

use serde::Deserialize;

/// Topics one client may ask for.
pub(super) const MAX_TOPICS: usize = 64;
/// Longest name of a topic, bytes.
const MAX_NAME_BYTES: usize = 128;

/// A message from a client. With both keys, `unsubscribe` comes first.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    #[serde(default)]
    pub(super) subscribe: Vec<String>,
    #[serde(default)]
    pub(super) unsubscribe: Vec<String>,
}

impl Request {
    /// Reads a message.
    ///
    /// # Errors
    /// A sentence for whoever wrote the client.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let request: Self = serde_json::from_str(text).map_err(|error| {
            format!(r#"this is not a request: {error}; say {{"subscribe": ["TOPIC"]}} or {{"unsubscribe": ["TOPIC"]}}"#)
        })?;
        request
            .subscribe
            .iter()
            .chain(&request.unsubscribe)
            .try_for_each(|name| check_name(name))?;
        Ok(request)
    }

    /// The topics of `?topics=a,b`; empty names are no names.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub(super) fn of_query(pairs: &[(String, String)]) -> Result<Self, String> {
        let values = pairs.iter().filter(|(key, _)| key == "topics");
        let names = values
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|name| !name.is_empty());
        let subscribe: Vec<String> = names.map(str::to_owned).collect();
        subscribe.iter().try_for_each(|name| check_name(name))?;
        if subscribe.len() > MAX_TOPICS {
            return Err(format!(
                "a client may subscribe to {MAX_TOPICS} topics, not {}",
                subscribe.len()
            ));
        }
        Ok(Self { subscribe, unsubscribe: Vec::new() })
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(format!("a topic's name has 1 to {MAX_NAME_BYTES} bytes, not {}", name.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keys_are_read() {
        let request = Request::parse(r#"{"subscribe": ["a", "b"], "unsubscribe": ["c"]}"#).unwrap();
        assert_eq!(
            (request.subscribe, request.unsubscribe),
            (vec!["a".into(), "b".into()], vec!["c".into()])
        );
    }

    #[test]
    fn everything_else_is_told_what_to_say() {
        for text in [
            "",
            "subscribe",
            "[]x",
            "null",
            r#"{"subscribe": "a"}"#,
            r#"{"subscribe": [1]}"#,
            r#"{"sub": []}"#,
        ] {
            let error = Request::parse(text).unwrap_err();
            assert!(error.contains(r#"{"subscribe": ["TOPIC"]}"#), "{text}: {error}");
        }
        let long = format!(r#"{{"subscribe": ["{}"]}}"#, "x".repeat(129));
        assert_eq!(
            Request::parse(&long).unwrap_err(),
            "a topic's name has 1 to 128 bytes, not 129"
        );
        assert!(Request::parse(r#"{"unsubscribe": [""]}"#).is_err());
    }

    #[test]
    fn a_query_names_topics_by_commas() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let request =
            Request::of_query(&[pair("topics", "a,, b"), pair("x", "y"), pair("topics", "c")])
                .unwrap();
        assert_eq!(request.subscribe, ["a", "b", "c"]);
        assert_eq!(Request::of_query(&[pair("topics", "")]).unwrap(), Request::default());
        assert!(Request::of_query(&[pair("topics", &"a,".repeat(65))]).is_err());
    }
}
