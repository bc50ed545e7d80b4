//! The application's page, served beside the server's own addresses.

use axum::body::Body;

use crate::support::{Folder, Server};

async fn server() -> (Server, Folder) {
    let folder = Folder::new();
    std::fs::write(folder.file("index.html"), "<!doctype html><title>App</title>").unwrap();
    std::fs::write(folder.file("app-0123456789abcdef_bg.wasm"), b"\0asm").unwrap();
    std::fs::write(folder.file("app-0123456789abcdef_bg.wasm.br"), b"compressed").unwrap();
    std::fs::write(folder.file("loader.js"), "start()").unwrap();
    let page = folder.0.clone();
    (Server::start_with(|config| config.page = Some(page)).await, folder)
}

#[tokio::test]
async fn unknown_paths_are_the_page_and_the_servers_own_never_are() {
    let (server, _folder) = server().await;
    let mut browser = server.browser();
    for path in ["/", "/account", "/reports/7", "/authors", "/apis"] {
        let answer = browser.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html"), "{path}");
        assert!(answer.body.contains("<title>App"));
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    for path in [
        "/auth",
        "/auth/",
        "/auth/x",
        "/api/x",
        "/control/x",
        "/.well-known/openid-configuration",
        "/userinfo/x",
        "//auth/x",
        "/auth//session",
        "/missing.js",
        "/health/x",
    ] {
        let answer = browser.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("content-type")),
            (404, "application/problem+json"),
            "{path}"
        );
    }
    let answer = browser.json("POST", "/account", serde_json::json!({})).await;
    assert_eq!(answer.refusal(), (405, "method_not_allowed".into()));
}

#[tokio::test]
async fn files_have_their_type_their_caching_and_their_compressed_twin() {
    let (server, _folder) = server().await;
    let mut browser = server.browser();
    let answer = browser.get("/app-0123456789abcdef_bg.wasm").await;
    assert_eq!((answer.header("content-type"), answer.body.as_str()), ("application/wasm", "\0asm"));
    assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
    let answer = browser.get("/loader.js").await;
    assert_eq!((answer.header("content-type"), answer.header("cache-control")), ("text/javascript", "no-cache"));
    let request = browser.request("GET", "/app-0123456789abcdef_bg.wasm").header("accept-encoding", "gzip, br");
    let answer = browser.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.header("content-encoding"), answer.body.as_str()), ("br", "compressed"));
    assert_eq!(answer.header("content-type"), "application/wasm");
}

#[tokio::test]
async fn s30_documents_carry_the_policy() {
    let (server, _folder) = server().await;
    let answer = server.browser().get("/").await;
    assert_eq!(
        answer.header("content-security-policy"),
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    let secure = Server::start_with(|config| config.public_url = "https://id.example".into()).await;
    assert_eq!(secure.browser().get("/health").await.header("strict-transport-security"), "max-age=31536000");
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let (server, folder) = server().await;
    let outside = folder.0.parent().unwrap().join("outside.txt");
    std::fs::write(&outside, "secret").unwrap();
    for path in
        ["/../outside.txt", "/%2e%2e/outside.txt", "/..%2foutside.txt", "/x/../../outside.txt", "/..%5coutside.txt"]
    {
        let answer = server.browser().get(path).await;
        assert!(!answer.body.contains("secret"), "{path}");
    }
    std::fs::remove_file(outside).unwrap();
}
