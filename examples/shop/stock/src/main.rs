//! What the shop has left, over plain HTTP/1.1. Takes the listening socket it is given (`LISTEN_FDS`), if it is.
//! Edit `STOCK` and save: the next request shows it.

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use listenfd::ListenFd;

const STOCK: &[(&str, u32)] = &[("apple", 120), ("bread", 7), ("tea", 31)];

/// The status line's end, the content type and the body for a request's first line.
fn answer(request: &str) -> (&'static str, &'static str, String) {
    let mut words = request.split_whitespace();
    match (words.next(), words.next()) {
        (Some("GET"), Some("/stock")) => {
            let pairs: Vec<String> = STOCK.iter().map(|(name, left)| format!("\"{name}\": {left}")).collect();
            ("200 OK", "application/json", format!("{{{}}}\n", pairs.join(", ")))
        }
        (Some("GET"), Some("/healthz")) => ("200 OK", "text/plain", "ok\n".to_string()),
        (Some("GET"), Some(_)) => ("404 Not Found", "text/plain", "there is /stock and /healthz\n".to_string()),
        _ => ("400 Bad Request", "text/plain", "only GET\n".to_string()),
    }
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let (status, kind, body) = answer(&request);
    let length = body.len();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

fn main() -> io::Result<()> {
    let listener = match ListenFd::from_env().take_tcp_listener(0)? {
        Some(given) => given,
        None => {
            let port = env::var("PORT").unwrap_or_else(|_| "8002".to_string());
            TcpListener::bind(format!("127.0.0.1:{port}"))?
        }
    };
    eprintln!("stock on http://{}/stock", listener.local_addr()?);
    for stream in listener.incoming() {
        match stream {
            Ok(stream) => {
                thread::spawn(move || {
                    if let Err(error) = serve(stream) {
                        eprintln!("a request failed: {error}");
                    }
                });
            }
            Err(error) => eprintln!("a connection failed: {error}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stock_is_json() {
        let (status, kind, body) = answer("GET /stock HTTP/1.1");
        assert_eq!((status, kind), ("200 OK", "application/json"));
        assert!(body.contains("\"tea\": 31"), "{body}");
    }

    #[test]
    fn health() {
        assert_eq!(answer("GET /healthz HTTP/1.1").0, "200 OK");
    }

    #[test]
    fn everything_else_is_refused() {
        assert_eq!(answer("GET / HTTP/1.1").0, "404 Not Found");
        assert_eq!(answer("POST /stock HTTP/1.1").0, "400 Bad Request");
        assert_eq!(answer("").0, "400 Bad Request");
    }

    #[test]
    fn a_connection_is_answered() {
        use std::io::Read;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || serve(listener.accept().unwrap().0).unwrap());
        let mut client = TcpStream::connect(address).unwrap();
        client.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        server.join().unwrap();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\nok\n"), "{text}");
    }
}
