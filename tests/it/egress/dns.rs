//! A name server that says something else each time.

use std::net::{IpAddr, UdpSocket};
use std::sync::Arc;
use std::sync::Mutex;
use std::thread;

/// What a name server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// These addresses, those of the other version left out.
    Addresses(Vec<IpAddr>),
    /// SERVFAIL.
    Fails,
    /// NXDOMAIN.
    Unknown,
    /// Nothing.
    Silence,
}

type Script = dyn FnMut(&str, bool) -> Says + Send;

/// The name server. Its script is given each name, in lower case, and whether IPv6 is asked for.
pub(crate) struct Dns {
    asked: Arc<Mutex<Vec<String>>>,
}

impl Dns {
    /// A name server at `address`, for as long as the process lives.
    pub(crate) fn start(address: &str, mut script: Box<Script>) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let names = Arc::clone(&asked);
        thread::spawn(move || {
            let mut query = [0; 512];
            while let Ok((length, from)) = socket.recv_from(&mut query) {
                let Some((name, wants, end)) = question(&query[..length]) else {
                    continue;
                };
                let says = match wants {
                    A | AAAA => script(&name, wants == AAAA),
                    _ => Says::Addresses(Vec::new()),
                };
                names.lock().unwrap().push(name);
                if says == Says::Silence {
                    continue;
                }
                let _ = socket.send_to(&answer(&query[..end], wants, &says), from);
            }
        });
        Self { asked }
    }

    /// How often it was asked for `name`.
    pub(crate) fn asked(&self, name: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|it| *it == name).count()
    }
}

const A: u16 = 1;
const AAAA: u16 = 28;

/// The name that is asked for, the type that is wanted, and where the question ends.
fn question(query: &[u8]) -> Option<(String, u16, usize)> {
    let mut labels = Vec::new();
    let mut at = 12;
    loop {
        let length = usize::from(*query.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        let label = query.get(at..at + length)?;
        labels.push(String::from_utf8_lossy(label).to_lowercase());
        at += length;
    }
    let wants = u16::from_be_bytes([*query.get(at)?, *query.get(at + 1)?]);
    Some((labels.join("."), wants, at + 4))
}

fn answer(question: &[u8], wants: u16, says: &Says) -> Vec<u8> {
    let (code, addresses) = match says {
        Says::Addresses(all) => (0, all.as_slice()),
        Says::Fails => (2, &[][..]),
        Says::Unknown | Says::Silence => (3, &[][..]),
    };
    let data: Vec<Vec<u8>> = addresses
        .iter()
        .filter_map(|address| match (address, wants) {
            (IpAddr::V4(address), A) => Some(address.octets().to_vec()),
            (IpAddr::V6(address), AAAA) => Some(address.octets().to_vec()),
            _ => None,
        })
        .collect();
    let mut answer = question.to_vec();
    // An answer, recursive as asked; one question, so many answers, nothing more.
    answer[2..4].copy_from_slice(&[0x81, 0x80 | code]);
    answer[4..12].fill(0);
    answer[5] = 1;
    answer[7] = u8::try_from(data.len()).unwrap();
    for data in data {
        // The name of the question, class IN, to be kept for no time.
        answer.extend([0xc0, 12]);
        answer.extend(wants.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 0]);
        answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        answer.extend(data);
    }
    answer
}
