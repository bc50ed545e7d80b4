//! How are plain JavaScript objects made and read, where web-sys has no type for them?

use js_sys::{Object, Reflect};
use wasm_bindgen::JsValue;

/// An object literal.
pub fn object<const N: usize>(members: [(&str, JsValue); N]) -> Object {
    let object = Object::new();
    for (name, value) in members {
        set(&object, name, &value);
    }
    object
}

/// Sets a member of an object of our own making.
pub fn set(object: &JsValue, name: &str, value: &JsValue) {
    // Only a frozen object or a proxy refuses; neither comes here.
    let _ = Reflect::set(object, &name.into(), value);
}

/// A member, or `undefined` where there is none, where it throws, or where there is no object.
pub fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A member, if it is there.
pub fn present(object: &JsValue, name: &str) -> Option<JsValue> {
    let value = member(object, name);
    (!value.is_undefined() && !value.is_null()).then_some(value)
}
