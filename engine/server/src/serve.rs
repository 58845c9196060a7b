//! Routes, layers and the listening socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use stormgrid_project::{LoadedTwin, ProjectError, leftover};
use tokio::net::TcpListener;
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ensembles::Ensembles;
use crate::error::ApiError;
use crate::runs::Runs;
use crate::{ensemble_api, hazard_api, jobs, plan_api, run_api, twin_api, warning_api};

/// What to serve.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Folder of the static viewer; none serves the interface alone.
    pub viewer: Option<PathBuf>,
}

/// Why nothing is served. Its text is one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another program listens there.
    #[error("port {port} on 127.0.0.1 is in use; choose another with --port")]
    PortBusy {
        /// The port.
        port: u16,
    },
    /// The port cannot be had for another reason.
    #[error("port {port} on 127.0.0.1 cannot be opened: {reason}")]
    Port {
        /// The port.
        port: u16,
        /// What the system says.
        reason: String,
    },
    /// The viewer's folder lacks its page.
    #[error(
        "{path} holds no index.html; build the viewer with `cargo xtask viewer`, or name its folder with --viewer"
    )]
    Viewer {
        /// The folder.
        path: String,
    },
    /// The ensembles that are kept cannot be taken up.
    #[error(transparent)]
    Kept(#[from] ProjectError),
    /// The server broke off.
    #[error("the server ended: {reason}")]
    Broke {
        /// What the system says.
        reason: String,
    },
}

/// What every route knows.
pub struct App {
    /// The twin.
    pub twin: Arc<LoadedTwin>,
    /// Its runs.
    pub runs: Arc<Runs>,
    /// Its ensembles.
    pub ensembles: Arc<Ensembles>,
    /// Its warnings.
    pub warnings: Arc<warning_api::Warnings>,
    /// The report of its input, made when it is first asked for.
    pub(crate) input: std::sync::OnceLock<Arc<twin_api::InputView>>,
}

/// A server that has its port and does not answer yet.
pub struct Server {
    listener: TcpListener,
    router: Router,
    address: SocketAddr,
    ensembles: Arc<Ensembles>,
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Stormgrid",
    description = "Flood forecasts of a city's digital twin, per grid and building. Local use on 127.0.0.1."
))]
struct Description;

impl Server {
    /// Opens the port and lays the routes.
    pub async fn bind(
        twin: Arc<LoadedTwin>,
        runs: Arc<Runs>,
        options: &ServerOptions,
    ) -> Result<Self, ServeError> {
        if let Some(viewer) = &options.viewer
            && !viewer.join("index.html").is_file()
        {
            return Err(ServeError::Viewer {
                path: viewer.display().to_string(),
            });
        }
        let port = options.port;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(|e| match e.kind() {
            std::io::ErrorKind::AddrInUse => ServeError::PortBusy { port },
            _ => ServeError::Port {
                port,
                reason: e.to_string(),
            },
        })?;
        let address = listener.local_addr().map_err(|e| ServeError::Port {
            port,
            reason: e.to_string(),
        })?;
        let ensembles = Arc::new(Ensembles::new(Arc::clone(&twin), Arc::clone(&runs))?);
        if runs.are_kept() {
            let swept = leftover::sweep(&twin.dir.join(warning_api::FOLDER));
            jobs::tell_swept(warning_api::FOLDER, &swept);
        }
        let warnings = Arc::new(warning_api::Warnings::default());
        let (book, of_twin) = (Arc::clone(&warnings), Arc::clone(&twin));
        runs.keep_for(Box::new(move || book.needed(&of_twin)), &ensembles);
        let app = App {
            twin,
            runs,
            ensembles: Arc::clone(&ensembles),
            warnings,
            input: std::sync::OnceLock::new(),
        };
        Ok(Self {
            listener,
            router: router(Arc::new(app), options.viewer.as_deref()),
            address,
            ensembles,
        })
    }

    /// Its ensembles.
    pub fn ensembles(&self) -> Arc<Ensembles> {
        Arc::clone(&self.ensembles)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is there.
    pub async fn run(
        self,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServeError> {
        axum::serve(self.listener, self.router)
            .with_graceful_shutdown(stop)
            .await
            .map_err(|e| ServeError::Broke {
                reason: e.to_string(),
            })
    }
}

/// The description of the interface, made from the code.
pub fn openapi_json() -> String {
    api().into_openapi().to_pretty_json().unwrap_or_default()
}

fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(twin_api::twin))
        .routes(routes!(twin_api::input_report))
        .routes(routes!(twin_api::terrain))
        .routes(routes!(twin_api::local_setup))
        .routes(routes!(twin_api::city))
        .routes(routes!(twin_api::city_chunk))
        .routes(routes!(twin_api::layer))
        .routes(routes!(twin_api::building))
        .routes(routes!(twin_api::grid))
        .routes(routes!(twin_api::at))
        .routes(routes!(twin_api::search))
        .routes(routes!(run_api::list, run_api::create))
        .routes(routes!(run_api::get))
        .routes(routes!(run_api::cancel))
        .routes(routes!(run_api::resume))
        .routes(routes!(run_api::pin))
        .routes(routes!(run_api::frame))
        .routes(routes!(run_api::exposure))
        .routes(routes!(run_api::exposure_csv))
        .routes(routes!(run_api::exposure_geojson))
        .routes(routes!(run_api::series))
        .routes(routes!(run_api::storm))
        .routes(routes!(hazard_api::hazards))
        .routes(routes!(hazard_api::hazards_csv))
        .routes(routes!(hazard_api::hazards_geojson))
        .routes(routes!(hazard_api::ponding))
        .routes(routes!(ensemble_api::list, ensemble_api::create))
        .routes(routes!(ensemble_api::get))
        .routes(routes!(ensemble_api::cancel))
        .routes(routes!(ensemble_api::resume))
        .routes(routes!(ensemble_api::probability))
        .routes(routes!(ensemble_api::probability_csv))
        .routes(routes!(ensemble_api::probability_geojson))
        .routes(routes!(ensemble_api::roads))
        .routes(routes!(ensemble_api::buildings))
        .routes(routes!(ensemble_api::frame))
        .routes(routes!(ensemble_api::plume))
        .routes(routes!(warning_api::list))
        .routes(routes!(warning_api::drafts))
        .routes(routes!(warning_api::feed))
        .routes(routes!(warning_api::get))
        .routes(routes!(warning_api::cap))
        .routes(routes!(warning_api::approve))
        .routes(routes!(warning_api::update))
        .routes(routes!(warning_api::cancel))
        .routes(routes!(warning_api::discard))
        .routes(routes!(plan_api::compare))
        .routes(routes!(plan_api::plan))
        .routes(routes!(plan_api::plan_csv))
        .routes(routes!(plan_api::plan_geojson))
        .routes(routes!(plan_api::roads))
        .routes(routes!(plan_api::check_advisory))
}

fn router(app: Arc<App>, viewer: Option<&std::path::Path>) -> Router {
    let (api, _) = api().with_state(app).split_for_parts();
    let json = HeaderValue::from_static("application/json");
    let described = move || {
        let json = json.clone();
        async move { ([(header::CONTENT_TYPE, json)], openapi_json()) }
    };
    let api = api
        .route("/api/openapi.json", get(described))
        .route("/api/{*rest}", get(unknown).post(unknown))
        .route("/healthz", get(async || "ok"));
    let files = match viewer {
        Some(folder) => {
            let files = ServeDir::new(folder)
                .precompressed_br()
                .precompressed_gzip();
            api.fallback_service(files)
        }
        None => api.fallback(unknown),
    };
    let keep_but_ask = SetResponseHeaderLayer::if_not_present(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache"),
    );
    let no_sniffing = SetResponseHeaderLayer::if_not_present(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    files
        .layer(CompressionLayer::new())
        .layer(keep_but_ask)
        .layer(no_sniffing)
        .layer(middleware::from_fn(only_this_host))
}

async fn unknown(request: Request) -> Response {
    ApiError::not_found("noun.address", request.uri().path()).into_response()
}

/// Refuses requests for another host: a page from elsewhere whose name was made to point here.
async fn only_this_host(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|h| h.to_str().ok());
    let name = host.map(|h| h.rsplit_once(':').map_or(h, |(name, _)| name));
    if matches!(name, Some("127.0.0.1" | "localhost" | "[::1]") | None) {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, ApiError::foreign_host()).into_response()
    }
}
