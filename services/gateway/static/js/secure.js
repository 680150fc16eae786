// Parts marked data-insecure are for browsers that hold back for want of HTTPS: the browser itself knows best, the server may stand behind a proxy.
export function saySecurity(root) {
  for (const part of root.querySelectorAll("[data-insecure]")) part.hidden = window.isSecureContext;
}
