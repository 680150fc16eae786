// Shows the API's description with the swagger-ui that is served beside this file.
window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({
    url: "/api/openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    validatorUrl: null,
    requestInterceptor: (request) => {
      const token = document.querySelector("meta[name=csrf-token]").content;
      if (token && !["GET", "HEAD"].includes(request.method)) request.headers["X-CSRF-Token"] = token;
      return request;
    },
  });
});
