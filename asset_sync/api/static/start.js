SwaggerUIBundle({
  url: "../openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  // No host but this one is asked for anything.
  validatorUrl: null,
});
