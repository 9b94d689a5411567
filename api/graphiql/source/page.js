// GraphiQL with a field for the API key. The key lives as long as the tab; a query may come in the address.
import { createElement as element, useCallback, useState } from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import "./page.css";

const KEY = "folioscope:api-key";
const address = new URLSearchParams(location.search);
const given = (name) => address.get(name) ?? undefined;

async function ask(key, parameters) {
  if (!key) return { errors: [{ message: "Put an API key into the field above: this editor needs one." }] };
  const headers = {
    Authorization: `Bearer ${key}`,
    "Content-Type": "application/json",
    Accept: "application/graphql-response+json, application/json",
  };
  const answer = await fetch("/graphql", { method: "POST", headers, body: JSON.stringify(parameters) });
  return answer.json();
}

function Page() {
  const [key, setKey] = useState(sessionStorage.getItem(KEY) ?? "");
  const keep = useCallback((event) => {
    event.preventDefault();
    const value = new FormData(event.target).get("key").trim();
    sessionStorage.setItem(KEY, value);
    setKey(value);
  }, []);
  const fetcher = useCallback((parameters) => ask(key, parameters), [key]);
  return element(
    "main",
    null,
    element(
      "form",
      { className: "door", onSubmit: keep },
      element("a", { href: "/" }, "Folioscope"),
      element("label", { htmlFor: "key" }, "API key"),
      element("input", {
        id: "key",
        name: "key",
        type: "password",
        autoComplete: "off",
        spellCheck: false,
        placeholder: "fsk_…",
        defaultValue: key,
      }),
      element("button", null, "Use"),
    ),
    element(GraphiQL, {
      key, // asks for the schema again
      fetcher,
      query: given("query"),
      variables: given("variables"),
      operationName: given("operationName"),
      isHeadersEditorEnabled: false,
      defaultQuery: "{\n  organization {\n    name\n    health {\n      score\n      band\n    }\n  }\n}\n",
    }),
  );
}

createRoot(document.getElementById("page")).render(element(Page));
