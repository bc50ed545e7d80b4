// The package as an application has it, and its readers one by one.
import * as conformance from "./countersign/conformance.js";
import * as countersign from "./countersign/index.js";

await countersign.load();

const bytesOf = (base64) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
Object.assign(window, { countersign, conformance, bytesOf });
