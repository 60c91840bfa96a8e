"""Flask-SQLAlchemy, with a second database."""

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
app.config["SQLALCHEMY_BINDS"] = {"logs": "sqlite://"}
db = SQLAlchemy(app)


class Page(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    slug = db.Column(db.String(80), unique=True, nullable=False)
    parent_id = db.Column(db.ForeignKey("page.id"))


class Line(db.Model):
    __bind_key__ = "logs"
    id = db.Column(db.Integer, primary_key=True)
