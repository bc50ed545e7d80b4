// How do the package's readers answer, asked one by one? The code is that of the package; nothing here signs anybody in.

export { load } from "./index.js";
export { checkSignature, checkSigned, readChallenge, readJson, readRetryAfter, readStream } from "./countersign_js.js";
