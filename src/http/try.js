"use strict";

const form = document.getElementById("form");
const answer = document.getElementById("answer");

async function run() {
  answer.textContent = "…";
  try {
    const query = document.getElementById("query").value;
    const variables = JSON.parse(document.getElementById("variables").value || "{}");
    const response = await fetch("/graphql", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    answer.textContent = JSON.stringify(await response.json(), null, 2);
  } catch (error) {
    answer.textContent = String(error);
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  run();
});
form.addEventListener("keydown", (event) => {
  if (event.ctrlKey && event.key === "Enter") {
    event.preventDefault();
    run();
  }
});
