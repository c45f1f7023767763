//! A backend in process, on the runtime of who asks it: it says what it was given, at once.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::wire::next;
use crate::wire::ok;

/// Whole answers by the first segment of the path.
pub(crate) type Answers = Rc<HashMap<String, Vec<u8>>>;

/// Listens, and answers for as long as `tasks` are driven.
pub(crate) async fn start(tasks: &LocalSet, bodies: &[(String, String)]) -> io::Result<SocketAddr> {
    let whole = |(path, body): &(String, String)| (path.clone(), ok(body.as_bytes()));
    let answers: Answers = Rc::new(bodies.iter().map(whole).collect());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tasks.spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(serve(stream, Rc::clone(&answers)));
        }
    });
    Ok(address)
}

async fn serve(mut stream: TcpStream, answers: Answers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut read = Vec::with_capacity(4 << 10);
    while let Some(request) = next(&mut stream, &mut read).await? {
        let which = request.path.split('/').nth(1).unwrap_or_default();
        let answer = answers.get(which).map_or(&[][..], Vec::as_slice);
        stream.write_all(answer).await?;
        drop(request.body);
    }
    Ok(())
}
