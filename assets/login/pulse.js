// Keeps the pulse of the sign-in page current. Without scripts the page shows the numbers it came with.
(() => {
  const place = document.querySelector("[data-pulse]");
  if (!place) return;
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.pulse);
      if (answer.ok) place.innerHTML = await answer.text();
    } catch {
      const mark = place.querySelector("[data-freshness]");
      if (mark && mark.dataset.freshness === "live") {
        mark.dataset.freshness = "stale";
        mark.lastChild.textContent = " Last known numbers, server not reached";
      }
    }
  };
  setInterval(refresh, 5000);
})();
