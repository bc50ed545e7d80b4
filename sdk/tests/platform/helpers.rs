//! How does a test hear what a platform file says, and take an ability away from the browser?

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use countersign::core::Input;
use countersign::core::effect::{Reach, Request};
use countersign::platform::Feed;
use gloo_timers::future::TimeoutFuture;
use js_sys::{Function, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// What was fed, in order.
#[derive(Clone, Default)]
pub struct Heard(Rc<RefCell<VecDeque<Input>>>);

impl Heard {
    pub fn new() -> (Self, Feed) {
        let heard = Self::default();
        let queue = Rc::clone(&heard.0);
        (heard, Feed::new(move |input| queue.borrow_mut().push_back(input)))
    }

    /// The next input; fails after five seconds without one.
    pub async fn next(&self) -> Input {
        for _ in 0..1_000 {
            if let Some(input) = self.0.borrow_mut().pop_front() {
                return input;
            }
            TimeoutFuture::new(5).await;
        }
        panic!("nothing was heard");
    }

    /// Fails if anything is heard within so many milliseconds.
    pub async fn nothing_for(&self, millis: u32) {
        TimeoutFuture::new(millis).await;
        let heard = self.0.borrow_mut().pop_front();
        assert!(heard.is_none(), "{heard:?}");
    }
}

/// A property that a test has put something else in the place of; as it was on drop.
pub struct Replaced {
    object: Object,
    name: &'static str,
    before: JsValue,
}

impl Replaced {
    pub fn new(object: &JsValue, name: &'static str, value: &JsValue) -> Self {
        let object: Object = object.clone().into();
        let before = Object::get_own_property_descriptor(&object, &name.into());
        let descriptor = Object::new();
        for (member, value) in [("value", value), ("configurable", &JsValue::TRUE), ("writable", &JsValue::TRUE)] {
            Reflect::set(&descriptor, &member.into(), value).unwrap();
        }
        Object::define_property(&object, &name.into(), &descriptor);
        Self { object, name, before }
    }

    /// Puts a function of this body, which may use `arguments`, in the place of a method.
    pub fn method(object: &JsValue, name: &'static str, body: &str) -> Self {
        Self::new(object, name, &Function::new_no_args(body))
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        if self.before.is_undefined() {
            Reflect::delete_property(&self.object, &self.name.into()).unwrap();
        } else {
            Object::define_property(&self.object, &self.name.into(), self.before.as_ref().unchecked_ref());
        }
    }
}

/// `fetch` is this function body from now on; `request` is what it was called with.
pub fn fetch_is(body: &str) -> Replaced {
    let window = web_sys::window().unwrap();
    Replaced::method(&window, "fetch", &format!("const request = arguments[0];\n{body}"))
}

/// A server that never answers: `fetch` settles only when it is aborted.
pub const NEVER: &str = "return new Promise((_, reject) => {
    const give_up = () => reject(request.signal.reason);
    if (request.signal.aborted) give_up(); else request.signal.addEventListener('abort', give_up);
});";

pub fn eval(script: &str) -> JsValue {
    js_sys::eval(script).unwrap()
}

/// A name nobody else uses: storage, locks and channels outlive a test.
pub fn fresh_name(test: &str) -> String {
    format!("{test}-{}", js_sys::Math::random())
}

pub fn get(url: &str) -> Request {
    Request {
        method: "GET",
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        reach: Reach::SameOrigin,
        cookies: false,
        keepalive: false,
        deadline: Some(10_000),
    }
}

/// The test page's own address.
pub fn own_page() -> String {
    web_sys::window().unwrap().location().href().unwrap()
}
