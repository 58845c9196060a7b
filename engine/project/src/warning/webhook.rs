//! Hands issued messages to a program on this machine. Nothing leaves it.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde::Deserialize;

/// Longest wait for the other program [s].
const PATIENCE: Duration = Duration::from_secs(5);

/// Most of an answer that is looked at [bytes].
const LONGEST_ANSWER: u64 = 512;

/// An address on this machine, checked.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Given")]
pub struct Webhook {
    url: String,
    address: SocketAddr,
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    url: String,
}

impl TryFrom<Given> for Webhook {
    type Error = String;

    fn try_from(given: Given) -> Result<Self, String> {
        Self::new(&given.url)
    }
}

impl Webhook {
    /// An address `http://127.0.0.1:PORT/PATH`; names are not looked up.
    ///
    /// # Errors
    ///
    /// One sentence for any host that is not this machine.
    pub fn new(url: &str) -> Result<Self, String> {
        let fault = |problem: &str| {
            let shown: String = url.chars().take(80).collect();
            format!(
                "[webhook] url '{shown}' {problem}; warnings go to loopback only, as in http://127.0.0.1:9000/cap"
            )
        };
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| fault("does not begin with http://"))?;
        let (host, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, "/"),
        };
        // A user before the host would let another host look like this machine.
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | '\\' | '#');
        if !url.chars().all(plain) {
            return Err(fault("holds characters that are not allowed"));
        }
        let address: SocketAddr = match host.strip_prefix("localhost:") {
            Some(port) => port
                .parse()
                .map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port))
                .ok(),
            None => host.parse().ok(),
        }
        .ok_or_else(|| fault("names no address with a port on this machine"))?;
        if !address.ip().is_loopback() {
            return Err(fault("is another machine"));
        }
        Ok(Self {
            url: url.to_owned(),
            address,
            path: path.to_owned(),
        })
    }

    /// The address as given.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Posts a CAP message; no answer leads anywhere else.
    ///
    /// # Errors
    ///
    /// What went wrong, in words.
    pub fn post(&self, xml: &str) -> Result<(), String> {
        let io = |e: std::io::Error| e.to_string();
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE).map_err(io)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(io)?;
        stream.set_write_timeout(Some(PATIENCE)).map_err(io)?;
        write!(
            stream,
            "POST {} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/cap+xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n{xml}",
            self.path,
            self.address,
            xml.len()
        )
        .map_err(io)?;
        let mut head = Vec::new();
        // What is left unread may end in a reset; the status line is all that counts.
        let read = stream.take(LONGEST_ANSWER).read_to_end(&mut head);
        let text = String::from_utf8_lossy(&head);
        let status = text
            .strip_prefix("HTTP/1.")
            .and_then(|t| t.get(2..5)?.parse::<u16>().ok());
        match (status, read) {
            (Some(200..=299), _) => Ok(()),
            (Some(status), _) => Err(format!("it answered {status}")),
            (None, Err(e)) => Err(e.to_string()),
            (None, Ok(_)) => Err("it gave no answer".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_posted_to() {
        for url in [
            "https://127.0.0.1:1/",
            "http://example.com/",
            "http://192.168.1.4:80/",
            "http://0.0.0.0:80/",
            "http://127.0.0.1/",
            "http://127.0.0.1:80@evil.example/",
            "http://evil.example:80/127.0.0.1:80/",
            "http://localhost.evil.example:80/",
            "http://[2001:db8::1]:80/",
            "http://127.0.0.1:80/a\r\nX: y",
            "http://2130706433:80/",
            "",
        ] {
            let error = Webhook::new(url).expect_err(url);
            assert!(error.contains("loopback"), "{error}");
        }
        for url in [
            "http://127.0.0.1:9000/cap",
            "http://[::1]:9000/",
            "http://localhost:9000",
            "http://127.9.9.9:1/x?y=z",
        ] {
            assert!(Webhook::new(url).is_ok(), "{url}");
        }
    }
}
