// Lets people see the password they type. Without scripts the button stays hidden.
(() => {
  const password = document.getElementById("password");
  const reveal = document.getElementById("reveal");
  if (!password || !reveal) return;
  const show = (shown) => {
    password.type = shown ? "text" : "password";
    reveal.value = shown ? "Hide" : "Show";
    reveal.setAttribute("aria-label", shown ? "Hide what is typed" : "Show what is typed");
  };
  reveal.hidden = false;
  reveal.addEventListener("click", () => {
    show(password.type === "password");
    password.focus();
  });
  // Sent hidden, so that browsers know it for a password and nobody finds it on the screen afterwards.
  password.form.addEventListener("submit", () => show(false));
})();
