//! Listens to the canvas: pointers, wheel, keys, size, loss of the graphics context.

use std::cell::RefCell;

use stormgrid_scene::input::{Grip, wheel_factor};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Event, HtmlElement, KeyboardEvent, PointerEvent, ResizeObserver, WheelEvent};

use crate::app::{change, wake};
use crate::events;

/// Two clicks within this time and distance are a double click [ms, CSS px].
const DOUBLE_CLICK: (f64, f64) = (350.0, 12.0);

thread_local! {
    static LAST_CLICK: RefCell<Option<(f64, [f64; 2])>> = const { RefCell::new(None) };
}

/// Listens for as long as the page lives.
pub fn listen(canvas: &HtmlElement) -> Result<(), JsValue> {
    let style = canvas.style();
    style.set_property("touch-action", "none")?;
    let target = canvas.clone();
    on(canvas, "pointerdown", move |event: PointerEvent| {
        // A pointer that has gone already cannot be captured: then it is no drag either.
        let _ = target.set_pointer_capture(event.pointer_id());
        let turn = event.button() != 0 || event.ctrl_key() || event.meta_key();
        let grip = if turn { Grip::Turn } else { Grip::Move };
        change(|m| m.pointer_down(event.pointer_id(), at(&target, &event), grip));
    })?;
    let target = canvas.clone();
    on(canvas, "pointermove", move |event: PointerEvent| {
        let to = at(&target, &event);
        change(|m| m.pointer_moved(event.pointer_id(), to));
    })?;
    on(canvas, "pointerup", move |event: PointerEvent| {
        let now = event.time_stamp();
        if let Some(place) = change(|m| m.pointer_up(event.pointer_id())) {
            let before = LAST_CLICK.replace(Some((now, place)));
            let twice = before.is_some_and(|(then, p)| {
                now - then < DOUBLE_CLICK.0
                    && (p[0] - place[0]).hypot(p[1] - place[1]) < DOUBLE_CLICK.1
            });
            if twice {
                LAST_CLICK.set(None);
                change(|m| m.double_click(place));
            } else {
                change(|m| m.click(place));
            }
        }
    })?;
    on(canvas, "pointercancel", move |event: PointerEvent| {
        change(|m| m.input.cancel(event.pointer_id()));
    })?;
    on(canvas, "contextmenu", |event: Event| {
        event.prevent_default();
    })?;
    let target = canvas.clone();
    on(canvas, "wheel", move |event: WheelEvent| {
        event.prevent_default();
        let factor = wheel_factor(event.delta_y(), event.delta_mode());
        let place = at(&target, &event);
        change(|m| m.wheel(factor, place));
    })?;
    on(canvas, "keydown", |event: KeyboardEvent| key(&event, true))?;
    on(canvas, "keyup", |event: KeyboardEvent| key(&event, false))?;
    on(canvas, "blur", |_: Event| change(|m| m.input.release()))?;
    on(canvas, "webglcontextlost", |_: Event| {
        events::tell_error(
            "context_lost",
            "the browser has taken the graphics context away; reload the page",
        );
    })?;
    let resized = Closure::<dyn FnMut()>::new(|| {
        change(|m| m.wake());
        wake();
    });
    let observer = ResizeObserver::new(resized.as_ref().unchecked_ref())?;
    observer.observe(canvas);
    resized.forget();
    Ok(())
}

fn key(event: &KeyboardEvent, down: bool) {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return;
    }
    let name = event.key();
    let taken = change(|m| {
        if m.input.key(&name, down, event.shift_key()) {
            m.wake();
            return true;
        }
        let [w, h] = m.camera.viewport;
        match name.as_str() {
            "Home" if down => m.home(),
            "n" | "N" if down => {
                let mut view = m.camera.view();
                view.heading_deg = 0.0;
                m.fly_to(&view, None);
            }
            "Enter" if down => m.click([0.5 * w, 0.5 * h]),
            _ => return false,
        }
        true
    });
    if taken {
        event.prevent_default();
    }
}

/// Where a pointer is on the canvas [CSS px].
fn at(canvas: &HtmlElement, event: &web_sys::MouseEvent) -> [f64; 2] {
    let rect = canvas.get_bounding_client_rect();
    [
        f64::from(event.client_x()) - rect.left(),
        f64::from(event.client_y()) - rect.top(),
    ]
}

fn on<E: JsCast + 'static>(
    target: &HtmlElement,
    name: &str,
    mut handler: impl FnMut(E) + 'static,
) -> Result<(), JsValue> {
    let closure = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        handler(event.unchecked_into::<E>());
    });
    target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref())?;
    closure.forget();
    Ok(())
}
