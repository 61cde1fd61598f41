# The gateway in the official image of nginx's stable branch.
#
#   docker build -t ai-gateway .
#   docker run -p 8080:8080 -e OPENAI_API_KEY ai-gateway
#   docker run -p 8080:8080 -v ./nginx.conf:/etc/nginx/nginx.conf:ro ai-gateway
#
# Why not Debian's nginx, for which plain "make" would do: an image is the door
# to the outside, and the fixes of 1.30.4 to nginx itself are wanted there on
# the day they are out.  A module fits one nginx only, so the first stage starts
# from the same image and builds against the source of that very version.
#
# To pin: --build-arg NGINX_IMAGE=nginx@sha256:... --build-arg NGINX_SHA256=...

ARG NGINX_IMAGE=nginx:1.30-trixie


FROM ${NGINX_IMAGE} AS build

ARG NGINX_SHA256=

RUN dpkg --compare-versions "$NGINX_VERSION" ge 1.30.4

RUN apt-get update && apt-get install -y --no-install-recommends make

RUN curl -fsSLo /tmp/nginx.tar.gz \
         "https://nginx.org/download/nginx-$NGINX_VERSION.tar.gz" \
    && if [ -n "$NGINX_SHA256" ]; then \
           echo "$NGINX_SHA256  /tmp/nginx.tar.gz" | sha256sum -c -; \
       fi \
    && mkdir /nginx && tar -xzf /tmp/nginx.tar.gz -C /nginx --strip-components=1

WORKDIR /src

COPY Makefile ./
COPY tools tools
RUN make deps NGINX_SRC=/nginx

COPY config ngx_http_ai_gateway_module.c ./
COPY src src
RUN make build NGINX_SRC=/nginx

# the packages of the libraries it is linked with, whatever this release of
# Debian calls them
RUN ldd build/nginx/ngx_http_ai_gateway_module.so \
    | awk '$1 ~ /yajl|hiredis/ { print $3 }' | xargs -n 1 realpath \
    | xargs dpkg -S | cut -d : -f 1 | sort -u > /packages && [ -s /packages ]


FROM ${NGINX_IMAGE}

COPY --from=build /packages /tmp/packages
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends ca-certificates curl \
       < /tmp/packages \
    && rm -rf /var/lib/apt/lists/* /tmp/packages

COPY --from=build /src/build/nginx/ngx_http_ai_gateway_module.so \
     /usr/lib/nginx/modules/
COPY conf.example /etc/nginx/nginx.conf

# inside a container 127.0.0.1 is nobody's door; nginx's own directories go to
# its user
RUN sed -i 's/^\( *listen *\)127\.0\.0\.1:8080/\18080/' /etc/nginx/nginx.conf \
    && mkdir -p /var/cache/nginx /var/log/nginx \
    && chown -R nginx /var/cache/nginx /var/log/nginx

USER nginx
EXPOSE 8080
STOPSIGNAL SIGQUIT

HEALTHCHECK --interval=10s --timeout=3s \
    CMD curl -fsS -o /dev/null http://127.0.0.1:8080/health || exit 1

ENTRYPOINT ["nginx"]
CMD ["-g", "daemon off; pid /tmp/nginx.pid;"]
