import { createAuth } from "./node_modules/countersign/index.js"; // with a bundler: from "countersign"

const auth = await createAuth({ flow: "token" });
const form = document.querySelector("form");
const output = document.querySelector("output");

const show = (state) => {
  form.hidden = state.status !== "signed-out";
  if (state.status === "signed-out") output.value = state.message;
  if (state.status === "signed-in") output.value = `${state.name}: ${auth.can("scope:reports:read").decision}`;
};
auth.subscribe(show);
show(auth.state);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { username, password } = Object.fromEntries(new FormData(form));
  await auth.signIn({ username, password }).catch((error) => (output.value = error.message));
});
