// A manager's mark of an opportunity: sent, then shown as soon as the server has it.
(() => {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-mark]");
    if (!button) return;
    const { prefix } = document.getElementById("app").dataset;
    button.disabled = true;
    const answer = await fetch(`${prefix}api/analytics/live/opportunities/${encodeURIComponent(button.dataset.of)}/mark`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ mark: button.dataset.mark }),
    }).catch(() => null);
    button.disabled = false;
    if (answer && answer.ok) return window.livePage.refresh();
    const error = answer && (await answer.json().catch(() => null));
    window.alert((error && error.error && error.error.message) || "The mark could not be saved. Try again.");
  });
})();
